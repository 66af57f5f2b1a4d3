import { cast, engine, type Tensor, type TensorInfo, upcastType } from '@tensorflow/tfjs-core';
import { input, type KernelCall } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/**
 * `where` between tensors of different types or of booleans. TensorFlow.js's own kernel copies the bits of one as if of
 * the other's, and four bytes for each boolean, which ends outside its output.
 */
export function selectOfTypes(call: KernelCall): TensorInfo | undefined {
  const [a, b] = [input(call, 't').dtype, input(call, 'e').dtype];
  if (a === b && a !== 'bool') return undefined;
  const dtype = a === b ? 'int32' : upcastType(a, b);
  return compose(call, ['condition', 't', 'e'], ({ condition, t, e }) => {
    const selected: Tensor = engine().runKernel('Select', {
      condition,
      t: cast(t, dtype),
      e: cast(e, dtype),
    });
    return a === b ? cast(selected, a) : selected;
  });
}
