import {
  addN,
  backend_util,
  engine,
  reshape,
  slice,
  stack,
  type Tensor,
  type TensorInfo,
  zeros,
} from '@tensorflow/tfjs-core';
import { everyAxis, fitAxis, spreadAxis } from '../../composed/axes.js';
import { attributes, input, type KernelCall } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

// TensorFlow.js's own wasm kernels answer wrongly: the input gradient always, the filter gradient with strides. A conv3d
// is a sum of conv2d over the depth taps of its filter; so are its gradients.

type Info = ReturnType<typeof backend_util.computeConv3DInfo>;
type Shape5 = [number, number, number, number, number];
interface Conv3dAttributes {
  readonly strides: number;
  readonly pad: 'same' | 'valid';
  readonly filterShape: Shape5;
  readonly inputShape: Shape5;
}

function geometry(x: number[], filter: number[], { strides, pad }: Conv3dAttributes): Info {
  return backend_util.computeConv3DInfo(x as Shape5, filter as Shape5, strides, 1, pad);
}

/** Depth, height and width that the windows reach, padding included. */
function reached(info: Info): [number, number, number] {
  return [
    (info.outDepth - 1) * info.strideDepth + info.filterDepth,
    (info.outHeight - 1) * info.strideHeight + info.filterHeight,
    (info.outWidth - 1) * info.strideWidth + info.filterWidth,
  ];
}

/** The view of one depth tap, as images: [N·outDepth, height, width, C]. */
function images(volume: Tensor, info: Info, tap: number): Tensor {
  const [n, , height, width, channels] = volume.shape as Shape5;
  const seen = everyAxis(volume, 1, tap, info.strideDepth, info.outDepth);
  return reshape(seen, [n * info.outDepth, height, width, channels]);
}

const flat = (dy: Tensor, info: Info): Tensor =>
  reshape(dy, [info.batchSize * info.outDepth, info.outHeight, info.outWidth, info.outChannels]);

const conv2dAttributes = (info: Info) => ({
  strides: [info.strideHeight, info.strideWidth],
  pad: 'valid',
  dataFormat: 'NHWC',
});

/** ∂/∂W of conv3d: one conv2d filter gradient for each depth tap. */
export function conv3dFilterGradient(call: KernelCall): TensorInfo {
  const attrs = attributes<Conv3dAttributes>(call);
  const info = geometry(input(call, 'x').shape, attrs.filterShape, attrs);
  return compose(call, ['x', 'dy'], ({ x, dy }) => {
    if (x.size * dy.size === 0) return zeros(attrs.filterShape);
    const { front, top, left } = info.padInfo;
    const [depth, height, width] = reached(info);
    const volume = fitAxis(fitAxis(fitAxis(x, 1, front, depth), 2, top, height), 3, left, width);
    const filterShape = attrs.filterShape.slice(1);
    const taps = Array.from({ length: info.filterDepth }, (_, tap): Tensor => {
      const inputs = { x: images(volume, info, tap), dy: flat(dy, info) };
      return engine().runKernel('Conv2DBackpropFilter', inputs, { ...conv2dAttributes(info), filterShape });
    });
    return stack(taps);
  });
}

/** ∂/∂x of conv3d: one conv2d input gradient for each depth tap, sent back to the depths that it read. */
export function conv3dInputGradient(call: KernelCall): TensorInfo {
  const attrs = attributes<Conv3dAttributes>(call);
  const info = geometry(attrs.inputShape, input(call, 'filter').shape, attrs);
  return compose(call, ['dy', 'filter'], ({ dy, filter }) => {
    if (dy.size * filter.size === 0) return zeros(attrs.inputShape);
    const { front, top, left } = info.padInfo;
    const [, height, width] = reached(info);
    const inputShape = [info.batchSize * info.outDepth, height, width, info.inChannels];
    const parts = Array.from({ length: info.filterDepth }, (_, tap): Tensor => {
      const weights = reshape(slice(filter, [tap, 0, 0, 0, 0], [1, -1, -1, -1, -1]), filter.shape.slice(1));
      const inputs = { dy: flat(dy, info), filter: weights };
      const sent: Tensor = engine().runKernel('Conv2DBackpropInput', inputs, {
        ...conv2dAttributes(info),
        inputShape,
      });
      const volume = reshape(sent, [info.batchSize, info.outDepth, height, width, info.inChannels]);
      return fitAxis(spreadAxis(volume, 1, info.strideDepth), 1, tap - front, info.inDepth);
    });
    return fitAxis(fitAxis(addN(parts), 2, -top, info.inHeight), 3, -left, info.inWidth);
  });
}
