import {
  backend_util,
  cast,
  engine,
  type Tensor,
  type TensorInfo,
  type TypedArray,
} from '@tensorflow/tfjs-core';
import { type Shape4, type VolumeAttributes, type VolumeInfo, volumeGeometry } from '../../geometry.js';
import { type HeapBackend, heapViews } from '../../heap.js';
import { attributes, input, type KernelCall, type KernelResult } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** The value that TensorFlow.js's own kernels start their maxima from: the smallest normal number where −∞ is meant. */
const START = 2 ** -126;

interface Maximum {
  readonly value: number;
  /** Where x has it; −1 where the window has no number. */
  readonly index: number;
}

/** The part of a window's taps along an axis that lies inside the input. */
function inside(origin: number, taps: number, length: number): [from: number, to: number] {
  return [Math.max(origin, 0), Math.min(origin + taps, length)];
}

/** The first maximum of the window that belongs to an element of the output. NaN is none. */
function maximumAt(x: TypedArray, info: VolumeInfo, element: number): Maximum {
  const { inChannels, inDepth, inHeight, inWidth, outDepth, outHeight, outWidth, padInfo } = info;
  const channel = element % inChannels;
  const column = Math.floor(element / inChannels);
  const row = Math.floor(column / outWidth);
  const depth = Math.floor(row / outHeight);
  const image = Math.floor(depth / outDepth);
  const [near, far] = inside(
    (depth % outDepth) * info.strideDepth - padInfo.front,
    info.filterDepth,
    inDepth,
  );
  const [top, bottom] = inside(
    (row % outHeight) * info.strideHeight - padInfo.top,
    info.filterHeight,
    inHeight,
  );
  const [left, right] = inside(
    (column % outWidth) * info.strideWidth - padInfo.left,
    info.filterWidth,
    inWidth,
  );
  let [value, index] = [-Infinity, -1];
  for (let z = near; z < far; z++)
    for (let y = top; y < bottom; y++)
      for (let w = left; w < right; w++) {
        const at = (((image * inDepth + z) * inHeight + y) * inWidth + w) * inChannels + channel;
        if (x[at]! > value) [value, index] = [x[at]!, at];
      }
  return { value, index };
}

/** `maxPool3d`. TensorFlow.js's own kernel is wrong where a window has no positive value: those are pooled again. */
export function maxPool3d(call: KernelCall): KernelResult | undefined {
  const x = input(call, 'x');
  if (x.dtype !== 'float32')
    return compose(
      call,
      ['x'],
      ({ x }) => engine().runKernel('MaxPool3D', { x: cast(x, 'float32') }, call.attrs) as Tensor,
    );
  const out = call.upstream?.(call) as TensorInfo | undefined;
  if (!out) return undefined;
  const info = volumeGeometry(x.shape, attributes<VolumeAttributes>(call));
  const [from, to] = heapViews(call.backend, x, out);
  for (let i = to.indexOf(START); i >= 0; i = to.indexOf(START, i + 1))
    to[i] = maximumAt(from, info, i).value;
  return out;
}

interface ArgmaxAttributes extends VolumeAttributes {
  readonly includeBatchInIndex?: boolean;
}

/**
 * `maxPoolWithArgmax`, in JavaScript on the heap: the first of equal maxima, as on cpu. TensorFlow.js's own kernel takes the
 * last, and is wrong where a window has no positive value.
 */
export function maxPoolWithArgmax(call: KernelCall): TensorInfo[] | undefined {
  const x = input(call, 'x');
  const backend = call.backend as HeapBackend;
  if (x.dtype === 'string' || x.dtype === 'complex64') return undefined;
  if (x.shape.length !== 4)
    throw new Error(`maxPoolWithArgmax: expected images of rank 4, got a tensor of rank ${x.shape.length}`);
  const { filterSize, strides, pad, includeBatchInIndex } = attributes<ArgmaxAttributes>(call);
  const flat = backend_util.computePool2DInfo(x.shape as Shape4, filterSize, strides, 1, pad);
  const info = asVolume(flat);
  const pooled = backend.makeOutput(flat.outShape, x.dtype);
  const indices = backend.makeOutput(flat.outShape, 'int32');
  const [from, values, places] = heapViews(backend, x, pooled, indices);
  const image = info.inHeight * info.inWidth * info.inChannels;
  for (let i = 0; i < values.length; i++) {
    const { value, index } = maximumAt(from, info, i);
    values[i] = value;
    places[i] = includeBatchInIndex || index < 0 ? index : index % image;
  }
  return [pooled, indices];
}

/** The windows of images as those of volumes of one depth. */
function asVolume(info: ReturnType<typeof backend_util.computePool2DInfo>): VolumeInfo {
  const depth = { inDepth: 1, outDepth: 1, filterDepth: 1, strideDepth: 1 };
  return { ...info, ...depth, padInfo: { ...info.padInfo, front: 0, back: 0 } } as unknown as VolumeInfo;
}
