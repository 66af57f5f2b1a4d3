import * as tf from '@tensorflow/tfjs-core';
import { map, type ParamVector } from '../../algebra/vector.js';
import { registerFactory } from '../../declare/config.js';
import { requireInRange, requireNonNegative } from '../../declare/errors.js';
import type { LossClosure } from '../../oracle/objective.js';
import type { GradientOracle } from '../../oracle/oracle.js';
import type { PerturbationMetric } from '../metric.js';
import { blend, diagonalInner, newShare, squares } from './diagonal.js';

/** The losses of a step's single examples, or of its micro-batches: closures of the same variables. */
export type PerExampleLosses = (step: number) => readonly LossClosure[];

/** Options of the Fisher metric. */
export interface FisherMetricOptions {
  /** η >= 0, the weight of the Fisher information against the identity, dimensionless. Default 1 (the paper's). */
  readonly eta?: number | undefined;
  /**
   * F from the gradients of single losses in place of the batch's: called once per step, it gives the step's
   * losses. One closure per example gives the empirical Fisher; micro-batches of m give about a part 1/m of it, plus the
   * square of the mean gradient. Cost: one gradient per closure.
   */
  readonly perExample?: PerExampleLosses | undefined;
  /** In [0, 1): F is a moving average over steps, of this decay. Default none: F of the step alone. */
  readonly decay?: number | undefined;
}

/**
 * The diagonal Fisher metric, G = I + η diag(F): distance as the model's predictions see it.
 *
 *   δ = ρ f/√⟨g, f⟩,  f = g/(1 + ηF)
 *
 * F is g², the square of the batch's gradient, as the published method has it; with `perExample` the mean of the
 * squared gradients of the single losses; with `decay` the moving average of either. Entries beyond 1e18 count as 1e18. Cost: nothing beyond the
 * batch's gradient, without `perExample`.
 *
 * @throws RangeError when `eta` is negative or not finite or `decay` not in [0, 1); TypeError when `perExample`
 *   is not a function; at the step, RangeError when it gives no loss.
 * @see Kim et al. 2022, "Fisher SAM", section 4 (there 1 + ηF is the inverse's damping). https://arxiv.org/abs/2206.04920
 */
export function fisherMetric({ eta = 1, perExample, decay }: FisherMetricOptions = {}): PerturbationMetric {
  requireNonNegative('fisherMetric', 'eta', eta);
  if (decay !== undefined) requireInRange('fisherMetric', 'decay', decay, 0, 1);
  if (perExample !== undefined && typeof perExample !== 'function') {
    throw new TypeError('fisherMetric: expected perExample to be a function (step) => closures');
  }
  return {
    name: 'fisher',
    config: {
      name: 'fisher',
      eta,
      ...(decay !== undefined && { decay }),
      ...(perExample && { perExample: { name: 'custom' } }),
    },
    at: (gradient, oracle) => {
      const ofStep = perExample ? meanSquare(oracle, perExample(oracle.step)) : squares(gradient);
      const fisher = decay === undefined ? ofStep : movingAverage(oracle, ofStep, decay);
      return diagonalInner(map(fisher, (tensor) => tf.add(1, tf.mul(eta, tensor))));
    },
  };
}

/** F of this step: the mean squared gradient over single losses. */
function meanSquare(oracle: GradientOracle, losses: readonly LossClosure[]): ParamVector {
  if (losses.length === 0) {
    throw new RangeError(
      `fisherMetric: expected perExample to give at least one closure, got none at step ${oracle.step}`,
    );
  }
  let mean: ParamVector | undefined;
  for (const [i, loss] of losses.entries()) {
    const before = mean;
    mean = tf.tidy(() =>
      blend(before, squares(oracle.evaluate({ loss, probe: true }).gradient), 1 / (i + 1)),
    );
    tf.dispose(before ?? []);
  }
  return mean!;
}

function movingAverage(oracle: GradientOracle, ofStep: ParamVector, decay: number): ParamVector {
  const average = blend(oracle.state.get('fisher'), ofStep, newShare(oracle, 'fisher', decay));
  oracle.state.set('fisher', average);
  return average;
}

registerFactory('metric', 'fisher', fisherMetric);
