import { fill, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf, type TrainingKernel } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** Attributes of a reduction: maxima and minima call their axes otherwise. */
interface ReductionAttributes {
  readonly axis?: number | number[];
  readonly reductionIndices?: number | number[];
  readonly keepDims: boolean;
}

/** A value in the shape of a reduction of an empty tensor. */
function ofEmpty(call: KernelCall, value: number, dtype: TensorInfo['dtype']): TensorInfo | undefined {
  const x = input(call, 'x');
  if (sizeOf(x.shape) > 0) return undefined;
  const { axis, reductionIndices = axis, keepDims } = attributes<ReductionAttributes>(call);
  const axes = util.parseAxisParam(reductionIndices!, x.shape);
  const shape = x.shape.flatMap((length, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [length]));
  return compose(call, [], () => fill(shape, value, dtype as 'float32'));
}

// TensorFlow.js's own kernels answer with what the heap held before.

/** The sum over an empty tensor. */
export const emptySum = (call: KernelCall): TensorInfo | undefined =>
  ofEmpty(call, 0, input(call, 'x').dtype);

/** The mean over an empty tensor: 0, as on cpu. */
export const emptyMean = (call: KernelCall): TensorInfo | undefined => ofEmpty(call, 0, 'float32');

/** A reduction that answers `value` for an empty tensor. */
const of = (name: string, value: number): TrainingKernel => ({
  name,
  composed: (call) => {
    const { dtype } = input(call, 'x');
    return ofEmpty(call, dtype === 'float32' || !Number.isNaN(value) ? value : 0, dtype);
  },
});

/** Other reductions of empty tensors, as on cpu. */
export const emptyReductions: readonly TrainingKernel[] = [
  ...[of('Max', Number.NaN), of('Min', Number.NaN), of('Prod', 1), of('Any', 0), of('All', 0)],
];
