import { engine, type Tensor, type TensorInfo, transpose } from '@tensorflow/tfjs-core';
import type { Feature } from '../../feature.js';
import type { Shape4, WindowAttributes } from '../../geometry.js';
import { attributes, type KernelCall, type TrainingKernel } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

// TensorFlow.js's wasm backend convolves images with their channels last alone. Others are turned around and back.

type Pairs = [number, number][];
interface ConvAttributes extends WindowAttributes {
  readonly inputShape?: Shape4;
}

const last = (x: Tensor): Tensor => transpose(x, [0, 2, 3, 1]);
const first = (x: Tensor): Tensor => transpose(x, [0, 3, 1, 2]);
const lastOf = <T>([n, c, h, w]: readonly T[]): T[] => [n!, h!, w!, c!];

/** The attributes of the same kernel for channels last. */
function turned({ pad, inputShape, ...rest }: ConvAttributes): object {
  return {
    ...rest,
    dataFormat: 'NHWC',
    pad: Array.isArray(pad) ? lastOf(pad as Pairs) : pad,
    ...(inputShape && { inputShape: lastOf(inputShape) }),
  };
}

/** A kernel whose inputs `images`, and whose result where it is one, have their channels first. */
const turnedAround = (name: string, images: string[], others: string[]): TrainingKernel => ({
  name,
  composed: (call: KernelCall): TensorInfo | undefined => {
    const attrs = attributes<ConvAttributes>(call);
    if (attrs.dataFormat !== 'NCHW') return undefined;
    return compose(call, [...images, ...others], (tensors) => {
      const inputs = { ...tensors };
      for (const key of images) inputs[key] = last(tensors[key]!);
      const out: Tensor = engine().runKernel(name, inputs, turned(attrs) as KernelCall['attrs']);
      return name === 'Conv2DBackpropFilter' ? out : first(out);
    });
  },
});

/** Convolutions of images with their channels first. */
export const channelsFirstFeature: Feature = {
  kernels: [
    turnedAround('Conv2D', ['x'], ['filter']),
    turnedAround('Conv2DBackpropInput', ['dy'], ['filter']),
    turnedAround('Conv2DBackpropFilter', ['x', 'dy'], []),
  ],
  repairs: [
    {
      op: '`conv2d`, `tf.fused.conv2d` of images with their channels first, and their gradients',
      wrong: 'throw',
    },
  ],
};
