import { type GradConfig, matMul, type Tensor } from '@tensorflow/tfjs-core';
import { sumTo } from '../arithmetic/gradients.js';

/** The gradients of op(A)·op(B) before the sum over stacks that were broadcast. */
function products(
  dy: Tensor,
  a: Tensor,
  b: Tensor,
  transposeA: boolean,
  transposeB: boolean,
): [a: () => Tensor, b: () => Tensor] {
  return [
    () => (transposeA ? matMul(b, dy, transposeB, true) : matMul(dy, b, false, !transposeB)),
    () => (transposeB ? matMul(dy, a, true, transposeA) : matMul(a, dy, !transposeA, false)),
  ];
}

/** The gradients of matrix products whose stacks are broadcast. */
export const matMulGradients: readonly GradConfig[] = [
  {
    kernelName: 'BatchMatMul',
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b], { transposeA, transposeB }) => {
      const flips = [Boolean(transposeA), Boolean(transposeB)] as const;
      const [da, db] = products(dy as Tensor, a!, b!, ...flips);
      return { a: () => sumTo(da(), a!.shape), b: () => sumTo(db(), b!.shape) };
    },
  },
];
