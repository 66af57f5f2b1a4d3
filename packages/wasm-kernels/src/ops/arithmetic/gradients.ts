import {
  broadcast_util,
  cast,
  type GradConfig,
  greater,
  greaterEqual,
  less,
  lessEqual,
  mul,
  reshape,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';

/** Sums over the axes along which a tensor of `shape` was broadcast. */
export function sumTo(x: Tensor, shape: number[]): Tensor {
  const axes = broadcast_util.getReductionAxes(shape, x.shape);
  return axes.length > 0 ? reshape(sum(x, axes), shape) : x;
}

/** The gradient of an operation on two tensors that are broadcast to one shape. */
function binary(
  kernelName: string,
  da: (dy: Tensor, a: Tensor, b: Tensor) => Tensor,
  db: (dy: Tensor, a: Tensor, b: Tensor) => Tensor,
): GradConfig {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({
      a: () => sumTo(da(dy as Tensor, a!, b!), a!.shape),
      b: () => sumTo(db(dy as Tensor, a!, b!), b!.shape),
    }),
  };
}

const where = (dy: Tensor, condition: Tensor): Tensor => mul(dy, cast(condition, 'float32'));

/** Gradients of operations on two tensors that TensorFlow.js has wrong on every backend where their shapes are broadcast. */
export const arithmeticGradients: readonly GradConfig[] = [
  binary(
    'Maximum',
    (dy, a, b) => where(dy, greaterEqual(a, b)),
    (dy, a, b) => where(dy, less(a, b)),
  ),
  binary(
    'Minimum',
    (dy, a, b) => where(dy, lessEqual(a, b)),
    (dy, a, b) => where(dy, greater(a, b)),
  ),
  binary(
    'SquaredDifference',
    (dy, a, b) => mul(dy, mul(2, sub(a, b))),
    (dy, a, b) => mul(dy, mul(2, sub(b, a))),
  ),
];
