import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  type ConvInfo,
  convGeometry,
  otherOutput,
  type WindowAttributes,
  windowArguments,
} from '../../geometry.js';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import { rowMajor, type SideModule, transposed } from '../../side/side-module.js';
import { convolve } from './forward.js';
import { isPointwise, withMargins } from './padding.js';

/** Bytes of patches that are built at a time: they are read back while they are still in the cache. */
const PATCH_BYTES = 1 << 20;

/** Zeros around dy so that its convolution with the turned filter has the size of x; negative where that would cut. */
function margins(info: ConvInfo): { top: number; bottom: number; left: number; right: number } {
  const top = (info.filterHeight - 1) * info.dilationHeight - info.padInfo.top;
  const left = (info.filterWidth - 1) * info.dilationWidth - info.padInfo.left;
  const high = info.inHeight + (info.filterHeight - 1) * info.dilationHeight;
  const wide = info.inWidth + (info.filterWidth - 1) * info.dilationWidth;
  return { top, left, bottom: high - info.outHeight - top, right: wide - info.outWidth - left };
}

/** With strides of 1: dy convolved with the filter turned around and transposed. False where that does not apply. */
function byConvolution(
  side: SideModule,
  dy: TensorInfo,
  filter: number,
  out: number,
  info: ConvInfo,
): boolean {
  const around = margins(info);
  if (info.strideHeight * info.strideWidth > 1 || Math.min(...Object.values(around)) < 0) return false;
  const { inChannels, outChannels } = info;
  const taps = info.filterHeight * info.filterWidth;
  const backward: ConvInfo = {
    ...info,
    ...{ outHeight: info.inHeight, outWidth: info.inWidth, inChannels: outChannels, outChannels: inChannels },
  };
  const image = withMargins(side, dy, around);
  side.withMemory(taps * inChannels * outChannels * 4, (turned) => {
    side.run.turnFilter(filter, taps, inChannels, outChannels, turned);
    convolve(side, image, { filter: turned }, out, backward);
  });
  if (image !== dy) side.backend.disposeData(image.dataId);
  return true;
}

/** With any strides: patches dy·Wᵀ of a few images at a time, added up where the windows lie. */
function byPatches(side: SideModule, dy: number, filter: number, out: number, info: ConvInfo): void {
  const { batchSize, inChannels, outChannels } = info;
  const pixels = info.outHeight * info.outWidth;
  const patch = info.filterHeight * info.filterWidth * inChannels;
  const images = Math.max(1, Math.min(batchSize, Math.floor(PATCH_BYTES / (pixels * patch * 4))));
  const weights = transposed(rowMajor(filter, outChannels));
  const [, ...window] = windowArguments(info);
  side.withMemory(images * pixels * patch * 4, (patches) => {
    for (let n = 0; n < batchSize; n += images) {
      const count = Math.min(images, batchSize - n);
      const rows = rowMajor(dy + n * pixels * outChannels * 4, outChannels);
      side.multiply(count * pixels, patch, outChannels, rows, weights, patches);
      const to = out + n * info.inHeight * info.inWidth * inChannels * 4;
      side.run.col2im(patches, to, count, ...window);
    }
  });
}

/** ∂/∂x of conv2d: [N, H, W, C] from dy and W. Also the forward pass of conv2dTranspose. */
export function conv2dInputGradient(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const attrs = attributes<WindowAttributes & { inputShape: number[] }>(call);
  const [dy, filter] = [input(call, 'dy'), input(call, 'filter')];
  if (otherOutput(attrs.inputShape, filter.shape, attrs, dy.shape)) return undefined;
  const info = convGeometry(attrs.inputShape, filter.shape, attrs, dy.shape);
  if (info.dataFormat !== 'channelsLast') return undefined;
  if (sizeOf(dy.shape) * sizeOf(filter.shape) === 0) return side.zeros(attrs.inputShape);
  const out = side.output(attrs.inputShape);
  const [from, weights, to] = [side.address(dy), side.address(filter), side.address(out)];
  const { inChannels, outChannels } = info;
  if (isPointwise(info)) {
    const pixels = info.batchSize * info.outHeight * info.outWidth;
    const turned = transposed(rowMajor(weights, outChannels));
    side.multiply(pixels, inChannels, outChannels, rowMajor(from, outChannels), turned, to);
  } else if (!byConvolution(side, dy, weights, to, info)) byPatches(side, from, weights, to, info);
  return out;
}
