import {
  addN,
  gather,
  mul,
  reshape,
  stack,
  sum,
  type Tensor,
  type Tensor4D,
  type TensorInfo,
  zeros,
} from '@tensorflow/tfjs-core';
import { place, reached, seenBy, sendBack, taps } from '../../composed/images.js';
import { type ConvInfo, depthwiseGeometry, type Shape4, type WindowAttributes } from '../../geometry.js';
import { attributes, input, type KernelCall } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

type FilterAttributes = WindowAttributes & { filterShape: Shape4 };
type InputAttributes = WindowAttributes & { inputShape: Shape4 };

/** Σ over taps of (Σₘ dy ∘ filter's tap), each sent back to where it was read. */
export function depthwiseInputGradient(call: KernelCall): TensorInfo {
  const attrs = attributes<InputAttributes>(call);
  const info = depthwiseGeometry(
    attrs.inputShape,
    input(call, 'filter').shape,
    attrs,
    input(call, 'dy').shape,
  );
  return compose(call, ['dy', 'filter'], ({ dy, filter }) =>
    inputGradientOf(dy, filter, attrs.inputShape, info),
  );
}

/** The same of tensors, made of operations that have a gradient themselves. */
export function inputGradientOf(dy: Tensor, filter: Tensor, inputShape: Shape4, info: ConvInfo): Tensor {
  if (dy.size * filter.size === 0) return zeros(inputShape);
  const [n, h, w] = dy.shape as Shape4;
  const channels = info.inChannels;
  const grouped = reshape(dy, [n, h, w, channels, -1]);
  const weights = reshape(filter, [info.filterHeight * info.filterWidth, channels, -1]);
  const parts = taps(info).map(([row, column], index) => {
    const weight = gather(weights, [index]);
    return sendBack(sum(mul(grouped, weight), -1), info, row, column);
  });
  return addN(parts);
}

/** For each tap, Σ over pixels of what it sees times dy. */
export function depthwiseFilterGradient(call: KernelCall): TensorInfo {
  const attrs = attributes<FilterAttributes>(call);
  const info = depthwiseGeometry(input(call, 'x').shape, attrs.filterShape, attrs, input(call, 'dy').shape);
  return compose(call, ['x', 'dy'], ({ x, dy }) => filterGradientOf(x, dy, attrs.filterShape, info));
}

/** The same of tensors, made of operations that have a gradient themselves. */
export function filterGradientOf(x: Tensor, dy: Tensor, filterShape: Shape4, info: ConvInfo): Tensor {
  if (x.size * dy.size === 0) return zeros(filterShape);
  const [n, h, w] = dy.shape as Shape4;
  const image = place(x as Tensor4D, info.padInfo.top, info.padInfo.left, ...reached(info));
  const grouped = reshape(dy, [n * h * w, info.inChannels, -1]);
  const parts = taps(info).map(([row, column]) => {
    const seen = reshape(seenBy(image, info, row, column), [n * h * w, info.inChannels, 1]);
    return sum(mul(seen, grouped), 0);
  });
  return reshape(stack(parts), filterShape);
}
