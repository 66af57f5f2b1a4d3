import {
  type GradConfig,
  gather,
  maxPoolWithArgmax,
  reshape,
  type Tensor,
  type Tensor4D,
  zerosLike,
} from '@tensorflow/tfjs-core';

interface PoolAttributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: 'same' | 'valid' | number | [number, number][];
}

/** The values at the maxima of x: the gradient by dy of the kernel that sends dy there. */
function atMaxima(ddx: Tensor, x: Tensor, { filterSize, strides, pad }: PoolAttributes): Tensor {
  if (pad !== 'same' && pad !== 'valid' && pad !== 0)
    throw new Error(
      `maxPool: expected padding 'same', 'valid' or 0 inside of two gradients, got ${JSON.stringify(pad)}`,
    );
  const padding = pad === 0 ? 'valid' : pad;
  const { indexes } = maxPoolWithArgmax(x as Tensor4D, filterSize, strides, padding, true);
  const found = gather(reshape(ddx, [-1]), reshape(indexes!, [-1]));
  return reshape(found, indexes!.shape);
}

/** The gradient of the kernel of the gradient of maximum pooling. */
export const secondGradient: GradConfig = {
  kernelName: 'MaxPoolGrad',
  inputsToSave: ['input', 'output'],
  gradFunc: (ddx, [input, output], attrs) => ({
    dy: () => atMaxima(ddx as Tensor, input!, attrs as unknown as PoolAttributes),
    input: () => zerosLike(input!),
    output: () => zerosLike(output!),
  }),
};
