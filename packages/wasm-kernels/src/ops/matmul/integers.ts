import { cast, engine, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { input, type KernelCall } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** `matMul` of whole numbers, as `tf.math.confusionMatrix` needs it: by way of floats, exact up to sums of 2²⁴. */
export function integerMatMul(call: KernelCall): TensorInfo | undefined {
  if (input(call, 'a').dtype !== 'int32' || input(call, 'b').dtype !== 'int32') return undefined;
  return compose(call, ['a', 'b'], ({ a, b }) => {
    const floats = { a: cast(a, 'float32'), b: cast(b, 'float32') };
    return cast(engine().runKernel('BatchMatMul', floats, call.attrs) as Tensor, 'int32');
  });
}
