import {
  add,
  addN,
  div,
  fill,
  greater,
  isFinite as isFiniteTensor,
  isNaN as isNaNTensor,
  logicalAnd,
  logicalNot,
  logicalOr,
  maxPool,
  mul,
  range,
  reshape,
  step,
  sub,
  type Tensor,
  type Tensor4D,
  type TensorInfo,
  where,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { place, reached, seenBy, sendBack, taps } from '../../composed/images.js';
import { type ConvInfo, poolGeometry, type Shape4, type WindowAttributes } from '../../geometry.js';
import { attributes, input, type KernelCall } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

const largestFloat = (2 - 2 ** -23) * 2 ** 127;

/** ∂/∂x of maxPool: dy goes to the first maximum of its window. NaN and −∞ are no maxima. */
export function maxPoolGradient(call: KernelCall): TensorInfo {
  const attrs = attributes<WindowAttributes & { filterSize: [number, number] | number }>(call);
  const info = poolGeometry(input(call, 'input').shape, attrs.filterSize, attrs, input(call, 'dy').shape);
  return compose(call, ['input', 'dy'], ({ input: x, dy }) => {
    if (dy.size === 0) return zeros(x.shape as Shape4);
    const image = place(x as Tensor4D, info.padInfo.top, info.padInfo.left, ...reached(info), -Infinity);
    if (!isTiled(info)) return gradientByTaps(image, dy as Tensor4D, info);
    const gradient = gradientByTiles(image, dy as Tensor4D, [info.filterHeight, info.filterWidth]);
    return place(gradient, -info.padInfo.top, -info.padInfo.left, info.inHeight, info.inWidth);
  });
}

/** True where the windows lie side by side: each pixel in one, without gaps. TensorFlow.js pools no single pixels on wasm. */
function isTiled(info: ConvInfo): boolean {
  return (
    info.strideHeight === info.effectiveFilterHeight &&
    info.strideWidth === info.effectiveFilterWidth &&
    info.dilationHeight * info.dilationWidth === 1 &&
    info.filterHeight * info.filterWidth > 1
  );
}

/**
 * All taps of all windows at once. Every operation but `where` and the tests for NaN and ∞ runs at the speed of the memory:
 * comparisons, bounds and slices do not on wasm.
 */
function gradientByTiles(image: Tensor4D, dy: Tensor4D, [height, width]: [number, number]): Tensor4D {
  const [n, rows, columns, channels] = dy.shape;
  const byTap = (x: Tensor): Tensor => reshape(x, [n, rows, height, columns, width, channels]);
  const byWindow = (x: Tensor): Tensor => reshape(x, [n, rows, 1, columns, 1, channels]);
  const pooled = (x: Tensor): Tensor4D =>
    maxPool(reshape(x, image.shape), [height, width], [height, width], 'valid');
  // The machine decides which element wins against NaN.
  const numbers = where(isNaNTensor(image), fill(image.shape, -Infinity), image);
  const max = pooled(numbers);
  // Finite, for a difference that is a number: ∞ reaches it, and −∞ does not.
  const bound = where(isFiniteTensor(max), max, fill(dy.shape, largestFloat));
  // The first of the maxima has the highest score, a multiple of 1 + count; the others' are count at most.
  const count = height * width;
  const order = reshape(range(count, 0, -1), [height, 1, width, 1]);
  const scores = mul(step(sub(byWindow(bound), byTap(numbers)), count + 1), order);
  const best = pooled(scores);
  // Beyond reach where there is no maximum.
  const wanted = mul(best, step(sub(best, count), 2));
  const loses = isFiniteTensor(div(1, sub(byWindow(wanted), scores)));
  const none = zerosLike(scores);
  return reshape(where(loses, none, add(byWindow(dy), none)), image.shape);
}

/** Tap after tap: one wins where it exceeds all before it and none after exceeds it. */
function gradientByTaps(image: Tensor4D, dy: Tensor4D, info: ConvInfo): Tensor4D {
  let max: Tensor = fill(dy.shape, -Infinity);
  const exceeds = taps(info).map(([row, column]) => {
    const seen = seenBy(image, info, row, column);
    const higher = greater(seen, max);
    max = where(higher, seen, max);
    return higher;
  });
  const none = zerosLike(dy);
  let later: Tensor | undefined;
  const parts = taps(info).map(() => none);
  for (let index = exceeds.length - 1; index >= 0; index--) {
    const mine = exceeds[index]!;
    const [row, column] = taps(info)[index]!;
    const wins = later ? logicalAnd(mine, logicalNot(later)) : mine;
    parts[index] = sendBack(where(wins, dy, none), info, row, column);
    later = later ? logicalOr(later, mine) : mine;
  }
  return addN(parts);
}
