import { backend_util } from '@tensorflow/tfjs-core';
import type { DepthwiseArguments, WindowArguments } from './side/arguments.js';

export type Shape4 = [number, number, number, number];
type ConvInfo = ReturnType<typeof backend_util.computeConv2DInfo>;
type Padding = Parameters<typeof backend_util.computeConv2DInfo>[4];

/** Attributes that the kernels of one family of sliding windows have in common. */
export interface WindowAttributes {
  readonly strides: [number, number] | number;
  readonly pad: Padding;
  readonly dilations?: [number, number] | number;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * A numeric padding in explicit form. TensorFlow.js computes both sides of the output from the filter's height and the
 * vertical stride when the padding is a number, and its wasm kernels then write outside the output.
 */
export function explicitPadding(pad: Padding, dataFormat: string = 'NHWC'): Padding {
  if (typeof pad !== 'number') return pad;
  const none: [number, number] = [0, 0];
  const sides: [number, number] = [pad, pad];
  return dataFormat === 'NCHW' ? [none, none, sides, sides] : [none, sides, sides, none];
}

/**
 * A geometry with the output size of dy. TensorFlow.js does not tell its gradient kernels how the size was rounded, and
 * without that they would compute another one.
 */
function sizedLike(info: ConvInfo, dy: readonly number[] | undefined): ConvInfo {
  if (!dy) return info;
  const [outHeight, outWidth] = info.dataFormat === 'channelsLast' ? [dy[1]!, dy[2]!] : [dy[2]!, dy[3]!];
  return { ...info, outHeight, outWidth, outShape: [...dy] as Shape4 };
}

/** TensorFlow.js's own kernels write outside of an output of negative size. */
function requireRoom(info: ConvInfo): ConvInfo {
  if (info.outHeight >= 0 && info.outWidth >= 0) return info;
  const { effectiveFilterHeight, effectiveFilterWidth, inHeight, inWidth } = info;
  throw new RangeError(
    `wasm-kernels: expected an image that a window of ${effectiveFilterHeight}×${effectiveFilterWidth} fits into, ` +
      `got ${inHeight}×${inWidth}. Use a smaller window, a larger image or padding 'same'`,
  );
}

/** Geometry of conv2d from the shapes of input and filter, and of dy in a gradient. */
export function convGeometry(
  x: number[],
  filter: number[],
  attrs: WindowAttributes,
  dy?: number[],
): ConvInfo {
  const info = backend_util.computeConv2DInfo(
    x as Shape4,
    filter as Shape4,
    attrs.strides,
    attrs.dilations ?? 1,
    explicitPadding(attrs.pad, attrs.dataFormat),
    attrs.dimRoundingMode,
    false,
    backend_util.convertConv2DDataFormat(attrs.dataFormat ?? 'NHWC'),
  );
  return sizedLike(requireRoom(info), dy);
}

/** Height and width of a convolution's output where dy does not have them: rounding explains that with a numeric padding only. */
export function otherOutput(
  x: number[],
  filter: number[],
  attrs: WindowAttributes,
  dy: readonly number[],
): [height: number, width: number] | undefined {
  if (typeof attrs.pad !== 'string' || attrs.dataFormat === 'NCHW') return undefined;
  const { outHeight, outWidth } = convGeometry(x, filter, attrs);
  return dy[1] === outHeight && dy[2] === outWidth ? undefined : [outHeight, outWidth];
}

/** Geometry of depthwiseConv2d (NHWC only, as in TensorFlow.js). */
export function depthwiseGeometry(
  x: number[],
  filter: number[],
  attrs: WindowAttributes,
  dy?: number[],
): ConvInfo {
  const info = backend_util.computeConv2DInfo(
    x as Shape4,
    filter as Shape4,
    attrs.strides,
    attrs.dilations ?? 1,
    explicitPadding(attrs.pad),
    attrs.dimRoundingMode,
    true,
  );
  return sizedLike(requireRoom(info), dy);
}

/** Geometry of a 2-D pooling (NHWC only, as in TensorFlow.js). */
export function poolGeometry(
  x: number[],
  filterSize: [number, number] | number,
  attrs: WindowAttributes,
  dy?: number[],
): ConvInfo {
  const info = backend_util.computePool2DInfo(
    x as Shape4,
    filterSize,
    attrs.strides,
    attrs.dilations ?? 1,
    explicitPadding(attrs.pad),
    attrs.dimRoundingMode,
  );
  return sizedLike(requireRoom(info), dy);
}

export type VolumeInfo = ReturnType<typeof backend_util.computePool3DInfo>;

/** Attributes that the kernels of 3-D pooling have in common; the types of tfjs-core's definitions are narrower. */
export interface VolumeAttributes {
  readonly filterSize: number;
  readonly strides: number;
  readonly pad: number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Geometry of a 3-D pooling of volumes [batch, depth, height, width, channels]. */
export function volumeGeometry(x: number[], attrs: VolumeAttributes): VolumeInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = x as [number, number, number, number, number];
  return backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
}

/** The padding, written out, with which the windows of a geometry end where the padded input does (NHWC). */
export function exactPadding(info: ConvInfo): Padding {
  const { top, left } = info.padInfo;
  const high = (info.outHeight - 1) * info.strideHeight + info.effectiveFilterHeight;
  const wide = (info.outWidth - 1) * info.strideWidth + info.effectiveFilterWidth;
  const bottom = Math.max(high - info.inHeight - top, 0);
  const right = Math.max(wide - info.inWidth - left, 0);
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

/** A geometry as arguments of the side module. */
export function windowArguments(info: ConvInfo): WindowArguments {
  return [
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.top,
    info.padInfo.left,
  ];
}

/** A depthwise geometry as arguments of the side module. */
export function depthwiseArguments(info: ConvInfo): DepthwiseArguments {
  const [batch, height, width, channels, ...window] = windowArguments(info);
  return [batch, height, width, channels, info.outChannels / channels, ...window];
}

export type { ConvInfo };
