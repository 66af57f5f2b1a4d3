import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import { activations } from '../../side/activations.js';
import type { SideModule } from '../../side/side-module.js';

type Run = (x: number, out: number, size: number) => void;

/** A kernel of one float32 tensor, element by element; others are left alone. */
function elementwise(call: KernelCall, side: SideModule, run: Run): TensorInfo | undefined {
  const x = input(call, 'x');
  if (x.dtype !== 'float32') return undefined;
  const out = side.output(x.shape);
  run(side.address(x), side.address(out), sizeOf(x.shape));
  return out;
}

/** `Tanh`. */
export const tanh = (call: KernelCall, side: SideModule): TensorInfo | undefined =>
  elementwise(call, side, (...vector) => side.run.activate(activations.tanh, ...vector));

/** `Relu`. */
export const relu = (call: KernelCall, side: SideModule): TensorInfo | undefined =>
  elementwise(call, side, (...vector) => side.run.clamp(...vector, 0, Number.POSITIVE_INFINITY));

/** `Relu6`. */
export const relu6 = (call: KernelCall, side: SideModule): TensorInfo | undefined =>
  elementwise(call, side, (...vector) => side.run.clamp(...vector, 0, 6));

/** `ClipByValue`. */
export function clipByValue(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const { clipValueMin, clipValueMax } = attributes<{ clipValueMin: number; clipValueMax: number }>(call);
  return elementwise(call, side, (...vector) => side.run.clamp(...vector, clipValueMin, clipValueMax));
}
