import * as tf from '@tensorflow/tfjs-core';
import { map } from '../../algebra/vector.js';
import { registerFactory } from '../../declare/config.js';
import { requireNonNegative } from '../../declare/errors.js';
import type { PerturbationMetric } from '../metric.js';

/** Options of the elementwise metric. */
export interface ElementwiseMetricOptions {
  /** η >= 0, in weight units, added to |θ|. Default 0.01 (ASAM, section 5). 0 is the widely used |θ| form. */
  readonly eta?: number | undefined;
  /** Which variables are scaled; the others get T = 1. Default all. */
  readonly scaled?: ((variable: tf.Variable) => boolean) | undefined;
}

/**
 * The elementwise metric of adaptive SAM: G = T⁻² with T = diag(|θ| + η), so that rescaling a weight rescales its
 * share of the ball.
 *
 *   δ = ρ T²g / ‖T g‖
 *
 * With η = 0 a weight of exactly zero cannot move (its metric is infinite).
 *
 * @throws RangeError when `eta` is negative or not finite.
 * @see Kwon et al. 2021, "ASAM", algorithm 1 (p = 2). https://arxiv.org/abs/2102.11600
 */
export function elementwiseMetric({ eta = 0.01, scaled }: ElementwiseMetricOptions = {}): PerturbationMetric {
  requireNonNegative('elementwiseMetric', 'eta', eta);
  return {
    name: 'elementwise',
    config: { name: 'elementwise', eta, ...(scaled && { scaled: { name: 'custom' } }) },
    at: (_gradient, { variables }) => {
      const squaredT = variables.map((variable) =>
        scaled && !scaled(variable) ? undefined : tf.tidy(() => tf.square(tf.add(tf.abs(variable), eta))),
      );
      return {
        apply: (v) =>
          map(v, (tensor, i) => (squaredT[i] ? tf.divNoNan(tensor, squaredT[i]) : tf.clone(tensor))),
        solve: (g) => map(g, (tensor, i) => (squaredT[i] ? tf.mul(tensor, squaredT[i]) : tf.clone(tensor))),
      };
    },
  };
}

registerFactory('metric', 'elementwise', elementwiseMetric);
