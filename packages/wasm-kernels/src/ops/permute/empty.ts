import { type TensorInfo, zeros } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';

/** An empty tensor transposed. TensorFlow.js's own kernel divides by its lengths from rank 5 on, which ends in a trap. */
export function emptyTranspose(call: KernelCall): TensorInfo | undefined {
  const x = input(call, 'x');
  if (sizeOf(x.shape) > 0 || x.dtype === 'string') return undefined;
  const { perm } = attributes<{ perm: number[] }>(call);
  const shape = perm.map((axis) => x.shape[axis]!);
  return zeros(shape, x.dtype as 'float32');
}
