import { engine, equal, scalar, type Tensor, type TensorInfo, where } from '@tensorflow/tfjs-core';
import { heapViews } from '../../heap.js';
import { input, type KernelCall, sizeOf } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** `mod` of whole numbers by 0: 0, as on cpu. TensorFlow.js's own kernel stops with a trap of WebAssembly. */
export function modByZero(call: KernelCall): TensorInfo | undefined {
  const [a, b] = [input(call, 'a'), input(call, 'b')];
  if (a.dtype !== 'int32' || b.dtype !== 'int32' || sizeOf(b.shape) === 0) return undefined;
  if (!heapViews(call.backend, b)[0].includes(0)) return undefined;
  return compose(call, ['a', 'b'], ({ a, b }) => {
    // A remainder by 1 is 0.
    const divisors = where(equal(b, scalar(0, 'int32')), scalar(1, 'int32'), b);
    return engine().runKernel('Mod', { a, b: divisors }) as Tensor;
  });
}
