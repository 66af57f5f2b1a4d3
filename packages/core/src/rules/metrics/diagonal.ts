import * as tf from '@tensorflow/tfjs-core';
import { elementwise, type Operations } from '../../algebra/elementwise.js';
import { mix } from '../../algebra/mix.js';
import { mul, type ParamVector } from '../../algebra/vector.js';
import type { GradientOracle } from '../../oracle/oracle.js';
import type { InnerProduct } from '../metric.js';

const quotient = elementwise<'g' | 'weights'>((o, { g, weights }) => [o.div(g, weights)]);

/** G = diag(weights), all positive. */
export function diagonalInner(weights: ParamVector): InnerProduct {
  return {
    apply: (v) => mul(v, weights),
    solve: (g) => quotient({ g, weights })[0],
  };
}

/** Where a square stops growing: 1e36, so that sums of squares stay finite. */
const LARGEST = 1e18;

/** x² of an entry; beyond 1e18 it counts as 1e18. */
export function boundedSquare<T>(o: Operations<T>, x: T): T {
  const bounded = o.minimum(o.abs(x), LARGEST);
  return o.mul(bounded, bounded);
}

const squared = elementwise<'x'>((o, { x }) => [boundedSquare(o, x)]);

/** x², elementwise; entries beyond 1e18 count as 1e18. */
export function squares(x: ParamVector): ParamVector {
  return squared({ x })[0];
}

/**
 * The share of a new value in a moving average that weighs values `decay`, `decay`², … with age, normalised so
 * that the weights sum to one from the first value on.
 *
 * @param key - Name of the average in the rule's state.
 * @param decay - In [0, 1).
 * @returns Scalar in (0, 1], 1 for the first value.
 */
export function biasCorrectedRate({ state }: GradientOracle, key: string, decay: number): tf.Scalar {
  const past = state.getTensor(`${key}.weight`) ?? tf.scalar(0);
  const weight = tf.add(tf.mul(decay, past), 1 - decay);
  state.setTensor(`${key}.weight`, weight);
  return tf.div(1 - decay, weight) as tf.Scalar;
}

/** previous + share · (value − previous), or the value where there is no previous. */
export function blend(
  previous: ParamVector | undefined,
  value: ParamVector,
  share: number | tf.Scalar,
): ParamVector {
  if (previous === undefined) return value;
  return mix(share, value, previous);
}
