import type { SideExports } from '../generated/exports.js';

// Lists of arguments that several functions of the side module end with, in its order.

type After3<F> = F extends (a: number, b: number, c: number, ...rest: infer R) => void ? R : never;

/** Geometry of a sliding window over an NHWC image. */
export type WindowArguments = After3<SideExports['maxPoolGradient']>;

/** The same with the channel multiplier of a depthwise filter. */
export type DepthwiseArguments = After3<SideExports['depthwiseInputGradient']>;

/** Geometry of conv2d over an image that is already padded. */
export type ConvArguments =
  Parameters<SideExports['convFilterGradient']> extends [
    ...[first: number, rows: number, firstColumn: number, columns: number],
    ...[x: number, dy: number, out: number, scratch: number, table: number],
    ...infer R,
  ]
    ? R
    : never;
