import {
  add,
  engine,
  fill,
  isNaN as isNaNTensor,
  type Tensor,
  type TensorInfo,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { heapViews } from '../../heap.js';
import { input, type KernelCall, type TrainingKernel } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** An extremum where the second operand has NaN, which TensorFlow.js's own kernel drops: that of the others, and NaN on top. */
function keepingNaN(name: string): TrainingKernel {
  const composed = (call: KernelCall): TensorInfo | undefined => {
    const [a, b] = [input(call, 'a'), input(call, 'b')];
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
    const [values] = heapViews(call.backend, b);
    if (!hasNaN(values as Float32Array)) return undefined;
    return compose(call, ['a', 'b'], ({ a, b }) => {
      const [zeros, lost] = [zerosLike(b), isNaNTensor(b)];
      const extremum: Tensor = engine().runKernel(name, { a, b: where(lost, zeros, b) });
      return add(extremum, where(lost, fill(b.shape, Number.NaN), zeros));
    });
  };
  return { name, composed };
}

function hasNaN(values: Float32Array): boolean {
  // `includes` and `some` take several times as long.
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return true;
  return false;
}

/** `Maximum` and `Minimum`. */
export const extrema: readonly TrainingKernel[] = ['Maximum', 'Minimum'].map(keepingNaN);
