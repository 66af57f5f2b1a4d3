import type { Feature } from '../../feature.js';
import * as composed from './composed.js';
import { matMulGradients } from './gradient.js';
import { integerMatMul } from './integers.js';
import * as side from './side.js';

/** Products of matrices and of stacks of them. */
export const matmulFeature: Feature = {
  kernels: [
    {
      name: 'BatchMatMul',
      side: side.batchMatMul,
      composed: (call) => integerMatMul(call) ?? composed.batchMatMul(call),
    },
    { name: '_FusedMatMul', side: side.fusedMatMul, composed: composed.fusedMatMul },
  ],
  gradients: matMulGradients,
  repairs: [
    {
      op: '`matMul` of stacks that are broadcast along an inner axis, [2, 1, …] × [1, 3, …]',
      wrong: 'wrong numbers (on cpu, too, NaN among them: left alone there)',
    },
    {
      op: '`tf.fused.matMul` of stacks or of transposed operands',
      wrong: 'bias and activation are forgotten',
    },
    {
      op: '`dot`, `matMul` and other products with data that two tensors of different shapes share, as after `reshape`',
      wrong: 'the shape of the first is taken for the second',
    },
    {
      op: '`matMul` of whole numbers, and so `tf.math.confusionMatrix`',
      wrong: 'throws',
      fix: 'exact here up to sums of 2²⁴',
    },
  ],
  gradientRepairs: [{ op: '`matMul` of stacks that are broadcast', wrong: 'throws' }],
};
