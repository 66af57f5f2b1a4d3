import type { TensorInfo, TypedArray } from '@tensorflow/tfjs-core';
import type { ConvInfo } from '../../geometry.js';
import { heapViews } from '../../heap.js';
import { input, type KernelCall } from '../../kernel.js';

/** A pooling's value for the elements that a window sees. */
type Pool = (seen: readonly number[]) => number;

/** The largest number, −∞ where there is none: NaN is none. */
export const largest: Pool = (seen) => Math.max(-Infinity, ...seen.filter((value) => !Number.isNaN(value)));
/** The mean, NaN of nothing. */
export const mean: Pool = (seen) => seen.reduce((sum, value) => sum + value, 0) / seen.length;

/** Pools the windows of an output once more that are −∞: TensorFlow.js's own kernels make that of NaN, and of a mean with ∞. */
export function againWhereInfinite(
  call: KernelCall,
  info: ConvInfo,
  out: TensorInfo,
  pool: Pool,
): TensorInfo {
  if (out.dtype !== 'float32') return out;
  const [from, to] = heapViews(call.backend, input(call, 'x'), out);
  for (let i = to.indexOf(-Infinity); i >= 0; i = to.indexOf(-Infinity, i + 1))
    to[i] = pool(seenBy(from, info, i));
  return out;
}

/** The elements inside of the image that belong to one of the output (NHWC). */
function seenBy(x: TypedArray, info: ConvInfo, element: number): number[] {
  const { inChannels, inHeight, inWidth, outHeight, outWidth, padInfo } = info;
  const channel = element % inChannels;
  const column = Math.floor(element / inChannels);
  const row = Math.floor(column / outWidth);
  const image = Math.floor(row / outHeight);
  const top = (row % outHeight) * info.strideHeight - padInfo.top;
  const left = (column % outWidth) * info.strideWidth - padInfo.left;
  const seen: number[] = [];
  for (let i = 0; i < info.filterHeight; i++)
    for (let j = 0; j < info.filterWidth; j++) {
      const [y, w] = [top + i * info.dilationHeight, left + j * info.dilationWidth];
      if (y < 0 || y >= inHeight || w < 0 || w >= inWidth) continue;
      seen.push(x[((image * inHeight + y) * inWidth + w) * inChannels + channel]!);
    }
  return seen;
}
