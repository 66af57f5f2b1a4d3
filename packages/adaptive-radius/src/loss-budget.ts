import * as tf from '@tensorflow/tfjs-core';
import {
  type AscentStep,
  type ConfigOf,
  definePart,
  nonNegativeAt,
  norm,
  type OptionsOf,
  type PartFunction,
  scaleFinite,
  schedule,
} from '@tfjs-sam/core';

/** The options of `lossBudget`. */
export const lossBudgetOptions = {
  budget: schedule({
    default: 0.02,
    unit: 'loss units',
    doc: 'Rise σ of the loss that the perturbation may cause, to first order',
  }),
};

/** Options of `lossBudget`. */
export interface LossBudgetOptions extends OptionsOf<typeof lossBudgetOptions> {}

declare module '@tfjs-sam/core' {
  interface MetricConfigs {
    'loss-budget': ConfigOf<typeof lossBudgetOptions>;
  }
}

/**
 * An ascent step whose length is what raises the loss by a budget σ to first order, and at most ρ. Goes where a metric
 * goes.
 *
 *   δ = min(σ / ‖g‖, ρ) g / ‖g‖
 *
 * Zero where the gradient is zero or not finite.
 *
 * @throws RangeError when `budget` is negative or not finite.
 * @see LE-SAM, https://arxiv.org/abs/2605.10183
 */
export const lossBudget: PartFunction<LossBudgetOptions, AscentStep, 'metric'> = definePart({
  kind: 'metric',
  name: 'loss-budget',
  owner: 'lossBudget',
  doc: 'An ascent step as long as a budget of the loss allows',
  use: 'Where a tolerable rise of the loss is known rather than a length',
  source: 'arXiv 2605.10183',
  options: lossBudgetOptions,
  create: ({ budget }): AscentStep => ({
    name: 'loss-budget',
    step: (gradient, rho, { step }) =>
      tf.tidy(() => {
        const length = norm(gradient);
        const allowed = tf.div(nonNegativeAt('lossBudget', 'budget', budget, step), length);
        return scaleFinite(tf.div(tf.minimum(allowed, rho), length), gradient);
      }),
  }),
});
