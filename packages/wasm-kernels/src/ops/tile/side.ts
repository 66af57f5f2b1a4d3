import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

/** Copies of a vector along leading axes, as in a broadcast of batch statistics. Other tilings are left alone. */
export function tile(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const { reps } = attributes<{ reps: number[] }>(call);
  const x = input(call, 'x');
  const columns = x.shape.at(-1) ?? 0;
  const shape = x.shape.map((length, axis) => length * reps[axis]!);
  const isVector = x.shape.length > 1 && reps.at(-1) === 1 && sizeOf(x.shape) === columns && columns > 0;
  if (x.dtype !== 'float32' || !isVector) return undefined;
  const out = side.output(shape);
  side.run.tileRows(side.address(x), sizeOf(shape) / columns, columns, side.address(out));
  return out;
}
