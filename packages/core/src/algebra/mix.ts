import type * as tf from '@tensorflow/tfjs-core';
import { elementwise } from './elementwise.js';
import type { ParamVector } from './param-vector.js';

const between = elementwise<'c' | 'x' | 'y'>((o, { c, x, y }) => [o.mulAdd(c, o.sub(x, y), y)]);

/**
 * y + c (x − y), in one pass where the backend has the kernel: exactly y where the two are one. The caller disposes it.
 *
 * @param c - A number, a Scalar, or one per independent run, [runs].
 * @param x - Of the shapes of `y`.
 */
export function mix(c: number | tf.Tensor, x: readonly tf.Tensor[], y: readonly tf.Tensor[]): ParamVector {
  return between({ c, x, y })[0];
}
