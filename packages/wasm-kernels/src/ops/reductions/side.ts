import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

/** Sum over leading axes, as in the gradient of a broadcast. Other reductions are left alone. */
export function sum(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const { axis, keepDims } = attributes<{ axis: number | number[]; keepDims: boolean }>(call);
  const x = input(call, 'x');
  const axes = util.parseAxisParam(axis, x.shape);
  const leading = axes.length > 0 && axes.length < x.shape.length && axes.every((a, i) => a === i);
  if (x.dtype !== 'float32' || !leading) return undefined;
  const kept = x.shape.slice(axes.length);
  const columns = sizeOf(kept);
  const rows = sizeOf(x.shape.slice(0, axes.length));
  if (columns < 2 || rows < 2) return undefined;
  const out = side.output(keepDims ? [...axes.map(() => 1), ...kept] : kept);
  side.withMemory(columns * 4, (partial) =>
    side.run.columnSums(side.address(x), rows, columns, side.address(out), partial),
  );
  return out;
}
