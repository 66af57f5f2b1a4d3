import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvInfo } from '../../geometry.js';
import type { ConvArguments } from '../../side/arguments.js';
import type { SideModule } from '../../side/side-module.js';

/** A filter of one tap that meets every pixel once: the convolution is a product of matrices. */
export const isPointwise = (info: ConvInfo): boolean =>
  info.filterHeight * info.filterWidth * info.strideHeight * info.strideWidth === 1 &&
  info.outHeight === info.inHeight &&
  info.outWidth === info.inWidth;

/** Rows or columns of the padded input that the windows touch. */
const reach = (outputs: number, stride: number, filter: number, dilation: number): number =>
  (outputs - 1) * stride + (filter - 1) * dilation + 1;

/** Zeros around an image, in pixels. */
interface Margins {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** A copy of images [N, H, W, C] with zeros around them, or x itself where there are none. */
export function withMargins(
  side: SideModule,
  x: TensorInfo,
  { top, bottom, left, right }: Margins,
): TensorInfo {
  if (top + bottom + left + right === 0) return x;
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const out = side.output([batch, height + top + bottom, width + left + right, channels]);
  const pixel = channels * 4;
  const sizes = [batch, height, width * pixel, top, bottom, left * pixel, right * pixel] as const;
  side.run.padImages(side.address(x), side.address(out), ...sizes);
  return out;
}

/** x with zeros around it as far as the windows reach. */
export function padded(side: SideModule, x: TensorInfo, info: ConvInfo): TensorInfo {
  const { top, left } = info.padInfo;
  const high = reach(info.outHeight, info.strideHeight, info.filterHeight, info.dilationHeight);
  const wide = reach(info.outWidth, info.strideWidth, info.filterWidth, info.dilationWidth);
  const bottom = Math.max(high - info.inHeight - top, 0);
  const right = Math.max(wide - info.inWidth - left, 0);
  return withMargins(side, x, { top, bottom, left, right });
}

/** Arguments of a convolution over a padded image. */
export function convArguments(image: TensorInfo, info: ConvInfo): ConvArguments {
  const [batch, height, width, channels] = image.shape as [number, number, number, number];
  return [
    ...([batch, height, width, channels] as const),
    ...([info.outHeight, info.outWidth, info.outChannels] as const),
    ...([info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth] as const),
    ...([info.dilationHeight, info.dilationWidth] as const),
  ];
}
