import {
  avgPool,
  maxPool,
  mul,
  type Tensor,
  type Tensor4D,
  type TensorInfo,
  zeros,
} from '@tensorflow/tfjs-core';
import { place, reached } from '../../composed/images.js';
import {
  type ConvInfo,
  convGeometry,
  depthwiseGeometry,
  exactPadding,
  poolGeometry,
  type WindowAttributes,
} from '../../geometry.js';
import { attributes, input, type KernelCall, type KernelResult, sizeOf } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';
import { windowShare } from '../avg-pool/windows.js';
import { againWhereInfinite, largest, mean } from './not-finite.js';

type PoolAttributes = WindowAttributes & { filterSize: [number, number] | number };

/**
 * True where TensorFlow.js's own kernel pads otherwise than its output size says. A number makes it compute a wrong size
 * where filter or strides differ between height and width; a size that is rounded up leaves its last windows unwritten;
 * 'same' shifts the windows where a stride is longer than the filter.
 */
function padsWrongly({ pad, dimRoundingMode }: WindowAttributes, info: ConvInfo): boolean {
  if (pad === 'valid') return false;
  if (pad === 'same')
    return info.strideHeight > info.effectiveFilterHeight || info.strideWidth > info.effectiveFilterWidth;
  return typeof pad === 'number' || dimRoundingMode === 'ceil' || dimRoundingMode === 'round';
}

/** TensorFlow.js's own kernel with the padding written out, where it would be wrong without. */
function padded(call: KernelCall, info: ConvInfo): KernelResult | undefined {
  const { inputs, backend, upstream } = call;
  if (!upstream || info.dataFormat !== 'channelsLast' || !padsWrongly(attributes(call), info))
    return undefined;
  const attrs = { ...call.attrs, pad: exactPadding(info), dimRoundingMode: 'floor' };
  return upstream({ inputs, backend, attrs });
}

/** `Conv2D` and `FusedConv2D`. */
export function paddedConv2d(call: KernelCall): KernelResult | undefined {
  const [{ shape }, filter] = [input(call, 'x'), input(call, 'filter').shape];
  const info = convGeometry(shape, filter, attributes<WindowAttributes>(call));
  return nothing(call, info) ?? overNothing(call, info) ?? padded(call, info);
}

/** An output without elements, outside of which TensorFlow.js's own kernel writes. */
const nothing = (call: KernelCall, { outShape }: ConvInfo): KernelResult | undefined =>
  sizeOf(outShape) === 0 ? compose(call, [], () => zeros(outShape, input(call, 'x').dtype)) : undefined;

/** Sums of no products: zeros. TensorFlow.js's own kernel leaves them unwritten. */
function overNothing(call: KernelCall, { outShape }: ConvInfo): KernelResult | undefined {
  const { activation = 'linear' } = attributes<{ activation?: string }>(call);
  const empty = sizeOf(input(call, 'x').shape) * sizeOf(input(call, 'filter').shape) === 0;
  if (!empty || activation !== 'linear' || call.inputs.bias) return undefined;
  return compose(call, [], () => zeros(outShape));
}

/** `DepthwiseConv2dNative` and `FusedDepthwiseConv2D`. */
export function paddedDepthwise(call: KernelCall): KernelResult | undefined {
  const [{ shape }, filter] = [input(call, 'x'), input(call, 'filter').shape];
  const info = depthwiseGeometry(shape, filter, attributes<WindowAttributes>(call));
  // It also divides by the number of channels, which ends in a trap.
  return nothing(call, info) ?? padded(call, info);
}

/** True where some window lies in the padding altogether. */
const hasEmptyWindow = (info: ConvInfo): boolean =>
  info.padInfo.top >= info.effectiveFilterHeight ||
  info.padInfo.left >= info.effectiveFilterWidth ||
  (info.outHeight - 1) * info.strideHeight - info.padInfo.top >= info.inHeight ||
  (info.outWidth - 1) * info.strideWidth - info.padInfo.left >= info.inWidth;

/** Pools an image whose padding is part of it. TensorFlow.js's own takes the nearest pixel where a window sees none. */
function pooled(
  call: KernelCall,
  info: ConvInfo,
  value: number,
  pool: (x: Tensor4D) => Tensor,
): KernelResult {
  const { top, left } = info.padInfo;
  return compose(call, ['x'], ({ x }) => pool(place(x as Tensor4D, top, left, ...reached(info), value)));
}

/** The pooling of windows that all see something of the image. */
function whole(
  call: KernelCall,
  info: ConvInfo,
  pool: Parameters<typeof againWhereInfinite>[3],
): KernelResult | undefined {
  const { inputs, backend, attrs, upstream } = call;
  const out = padded(call, info) ?? upstream?.({ inputs, backend, attrs });
  return out && againWhereInfinite(call, info, out as TensorInfo, pool);
}

/** `MaxPool`: −∞ where a window lies in the padding altogether, as on cpu. */
export function paddedMaxPool(call: KernelCall): KernelResult | undefined {
  const attrs = attributes<PoolAttributes>(call);
  const { shape, dtype } = input(call, 'x');
  const info = poolGeometry(shape, attrs.filterSize, attrs);
  if (sizeOf(info.outShape) === 0) return nothing(call, info);
  if (!hasEmptyWindow(info) || dtype !== 'float32') return whole(call, info, largest);
  return pooled(call, info, -Infinity, (x) => maxPool(x, attrs.filterSize, attrs.strides, 'valid'));
}

/** `AvgPool`: NaN where a window lies in the padding altogether, as on cpu. */
export function paddedAvgPool(call: KernelCall): KernelResult | undefined {
  const attrs = attributes<PoolAttributes>(call);
  const info = poolGeometry(input(call, 'x').shape, attrs.filterSize, attrs);
  if (sizeOf(info.outShape) === 0) return nothing(call, info);
  if (!hasEmptyWindow(info)) return whole(call, info, mean);
  return pooled(call, info, 0, (x) =>
    mul(avgPool(x, attrs.filterSize, attrs.strides, 'valid'), windowShare(info) ?? 1),
  );
}
