import type * as tf from '@tensorflow/tfjs-core';
import { elementwise } from './elementwise.js';
import type { ParamVector } from './param-vector.js';

const between = elementwise<'c' | 'x' | 'y'>((o, { c, x, y }) => [o.mulAdd(c, o.sub(x, y), y)]);

/** y + c (x − y): exactly y where the two are one. */
export function mix(c: number | tf.Tensor, x: readonly tf.Tensor[], y: readonly tf.Tensor[]): ParamVector {
  return between({ c, x, y })[0];
}
