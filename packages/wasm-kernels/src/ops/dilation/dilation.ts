import { backend_util, type TensorInfo, type TypedArray } from '@tensorflow/tfjs-core';
import type { Shape4 } from '../../geometry.js';
import { type HeapBackend, heapViews } from '../../heap.js';
import { attributes, input, type KernelCall } from '../../kernel.js';

type Info = ReturnType<typeof backend_util.computeDilation2DInfo>;

/** The value that TensorFlow.js's own kernels start their maxima from: the smallest normal number where −∞ is meant. */
const START = 2 ** -126;

interface DilationAttributes {
  readonly strides: number;
  readonly pad: 'same' | 'valid';
  readonly dilations: number;
}

/** The maximum of a window, and where input and filter have its terms. */
interface Maximum {
  readonly value: number;
  readonly pixel: number;
  readonly weight: number;
}

function geometry(call: KernelCall): Info {
  const { strides, pad, dilations } = attributes<DilationAttributes>(call);
  const [x, filter] = [input(call, 'x').shape, input(call, 'filter').shape];
  return backend_util.computeDilation2DInfo(
    ...([x as Shape4, filter as [number, number, number], strides, pad, 'NHWC', dilations] as const),
  );
}

/** The first maximum of x + filter in the window that belongs to an element of the output. */
function maximumAt(x: TypedArray, filter: TypedArray, info: Info, element: number): Maximum {
  const { inChannels, inHeight, inWidth, outHeight, outWidth, padInfo } = info;
  const channel = element % inChannels;
  const window = Math.floor(element / inChannels);
  const left = (window % outWidth) * info.strideWidth - padInfo.left;
  const top = (Math.floor(window / outWidth) % outHeight) * info.strideHeight - padInfo.top;
  const image = Math.floor(window / (outWidth * outHeight));
  // The bound that cpu starts from.
  let [value, pixel, weight] = [Number.MIN_SAFE_INTEGER, -1, -1];
  for (let h = 0; h < info.filterHeight; h++) {
    const row = top + h * info.dilationHeight;
    if (row < 0 || row >= inHeight) continue;
    for (let w = 0; w < info.filterWidth; w++) {
      const column = left + w * info.dilationWidth;
      if (column < 0 || column >= inWidth) continue;
      const from = ((image * inHeight + row) * inWidth + column) * inChannels + channel;
      const tap = (h * info.filterWidth + w) * inChannels + channel;
      const sum = x[from]! + filter[tap]!;
      if (sum > value) [value, pixel, weight] = [sum, from, tap];
    }
  }
  return { value, pixel, weight };
}

/** `Dilation2D`. TensorFlow.js's own kernel is wrong where a window has no positive sum: those are computed again. */
export function dilation2d(call: KernelCall): TensorInfo | undefined {
  const [x, filter] = [input(call, 'x'), input(call, 'filter')];
  if (x.dtype !== 'float32' || filter.dtype !== 'float32' || !call.upstream) return undefined;
  const out = call.upstream(call) as TensorInfo;
  const info = geometry(call);
  const [from, weights, to] = heapViews(call.backend, x, filter, out);
  for (let i = to.indexOf(START); i >= 0; i = to.indexOf(START, i + 1))
    to[i] = maximumAt(from, weights, info, i).value;
  return out;
}

/** A gradient of a dilation, in JavaScript on the heap: dy goes to one of the terms of each maximum. */
function gradient(call: KernelCall, name: 'x' | 'filter', term: 'pixel' | 'weight'): TensorInfo | undefined {
  const [x, filter, dy] = [input(call, 'x'), input(call, 'filter'), input(call, 'dy')];
  if (x.dtype !== 'float32' || filter.dtype !== 'float32' || dy.dtype !== 'float32') return undefined;
  const out = (call.backend as HeapBackend).makeOutput(input(call, name).shape, 'float32');
  const info = geometry(call);
  const [values, weights, from, to] = heapViews(call.backend, x, filter, dy, out);
  to.fill(0);
  for (let i = 0; i < from.length; i++) {
    const place = maximumAt(values, weights, info, i)[term];
    if (place >= 0) to[place]! += from[i]!;
  }
  return out;
}

/** `Dilation2DBackpropInput`. */
export const dilationInputGradient = (call: KernelCall): TensorInfo | undefined =>
  gradient(call, 'x', 'pixel');

/** `Dilation2DBackpropFilter`. */
export const dilationFilterGradient = (call: KernelCall): TensorInfo | undefined =>
  gradient(call, 'filter', 'weight');
