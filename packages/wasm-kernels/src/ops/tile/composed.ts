import { fill, mul, type TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** Repeats axes of length 1 by broadcasting. TensorFlow.js's own kernel computes the place of each element. */
export function tile(call: KernelCall): TensorInfo | undefined {
  const { shape, dtype } = input(call, 'x');
  const { reps } = attributes<{ reps: number[] }>(call);
  const broadcasts = shape.every((length, axis) => length === 1 || reps[axis] === 1);
  if (dtype !== 'float32' || !broadcasts || shape.length > 6 || sizeOf(shape) * sizeOf(reps) === 0)
    return undefined;
  const repeated = shape.map((length, axis) => length * reps[axis]!);
  return compose(call, ['x'], ({ x }) => mul(x, fill(repeated, 1)));
}
