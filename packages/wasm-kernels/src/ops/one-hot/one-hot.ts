import { cast, engine, scalar, type Tensor, type TensorInfo, where } from '@tensorflow/tfjs-core';
import { attributes, type KernelCall } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

interface OneHotAttributes {
  readonly depth: number;
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly onValue: number;
  readonly offValue: number;
}

/**
 * `oneHot` of another type than int32. TensorFlow.js's own kernel writes whole numbers of four bytes whatever the type is:
 * 1 as a float of 10⁻⁴⁵, and for booleans outside its output.
 */
export function oneHotOfTypes(call: KernelCall): TensorInfo | undefined {
  const { depth, dtype, onValue, offValue } = attributes<OneHotAttributes>(call);
  if (dtype === 'int32') return undefined;
  return compose(call, ['indices'], ({ indices }) => {
    const attrs = { depth, dtype: 'int32' as const, onValue: 1, offValue: 0 };
    const hot = cast(engine().runKernel('OneHot', { indices }, attrs) as Tensor, 'bool');
    return cast(where(hot, scalar(onValue), scalar(offValue)), dtype);
  });
}
