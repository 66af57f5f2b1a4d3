import { engine, reshape, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { input, type KernelCall, sizeOf } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** `bincount` of more than a vector, as `tf.image.threshold` calls it: one histogram of all, not one for each row. */
export function bincountOfAll(call: KernelCall): TensorInfo | undefined {
  const [x, weights] = [input(call, 'x').shape, input(call, 'weights').shape];
  if (x.length === 1) return undefined;
  return compose(
    call,
    ['x', 'weights'],
    (tensors) =>
      engine().runKernel(
        'Bincount',
        { x: reshape(tensors.x, [sizeOf(x)]), weights: reshape(tensors.weights, [sizeOf(weights)]) },
        call.attrs,
      ) as Tensor,
  );
}
