import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { ConvInfo } from '../geometry.js';
import { cutAxis, everyAxis, fitAxis, fitOf, type Margins, spreadAxis } from './axes.js';

/** Places x so that out[h, w] = x[h − top, w − left], cut to height × width and filled with `value` elsewhere. */
export function place(
  x: Tensor4D,
  top: number,
  left: number,
  height: number,
  width: number,
  value = 0,
): Tensor4D {
  return fitAxis(fitAxis(x, 1, top, height, value), 2, left, width, value);
}

/** `place` for a convolution, which pads by itself: the part of x that stays, and the zeros around it. */
export function cut(
  x: Tensor4D,
  top: number,
  left: number,
  height: number,
  width: number,
): { image: Tensor4D; pad: [Margins, Margins, Margins, Margins] } {
  const [rows, columns] = [fitOf(x.shape[1], top, height), fitOf(x.shape[2], left, width)];
  const image = cutAxis(cutAxis(x, 1, rows), 2, columns);
  return { image, pad: [[0, 0], rows.margins, columns.margins, [0, 0]] };
}

/** Inserts `stride − 1` zeros after every row and column. */
export function spread(x: Tensor4D, strideHeight: number, strideWidth: number): Tensor4D {
  return spreadAxis(spreadAxis(x, 2, strideWidth), 1, strideHeight);
}

/** Height and width of the part of the padded input that the windows reach. */
export function reached(info: ConvInfo): [height: number, width: number] {
  return [
    (info.outHeight - 1) * info.strideHeight + (info.filterHeight - 1) * info.dilationHeight + 1,
    (info.outWidth - 1) * info.strideWidth + (info.filterWidth - 1) * info.dilationWidth + 1,
  ];
}

/** The taps (row, column) of a window, in order. */
export function taps(info: ConvInfo): [row: number, column: number][] {
  return Array.from({ length: info.filterHeight * info.filterWidth }, (_, index) => [
    Math.floor(index / info.filterWidth),
    index % info.filterWidth,
  ]);
}

/** The view of one tap of every window of the padded image: [N, outHeight, outWidth, C]. */
export function seenBy(image: Tensor4D, info: ConvInfo, row: number, column: number): Tensor4D {
  const rows = everyAxis(image, 1, row * info.dilationHeight, info.strideHeight, info.outHeight);
  return everyAxis(rows, 2, column * info.dilationWidth, info.strideWidth, info.outWidth) as Tensor4D;
}

/** The reverse of `seenBy`: a tap's values at their places in an input of zeros. */
export function sendBack(values: Tensor4D, info: ConvInfo, row: number, column: number): Tensor4D {
  return place(
    spread(values, info.strideHeight, info.strideWidth),
    row * info.dilationHeight - info.padInfo.top,
    column * info.dilationWidth - info.padInfo.left,
    info.inHeight,
    info.inWidth,
  );
}
