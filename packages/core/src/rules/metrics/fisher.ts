import * as tf from '@tensorflow/tfjs-core';
import { elementwise } from '../../algebra/elementwise.js';
import type { ParamVector } from '../../algebra/vector.js';
import { type ConfigOf, code, number, type OptionsOf } from '../../declare/option.js';
import { definePart, type PartFunction } from '../../declare/part.js';
import type { LossClosure } from '../../oracle/objective.js';
import type { GradientOracle } from '../../oracle/oracle.js';
import type { PerturbationMetric } from '../metric.js';
import { biasCorrectedRate, blend, boundedSquare, diagonalInner, squares } from './diagonal.js';

/** The losses of a step's single examples, or of its micro-batches: closures of the same variables. */
export type PerExampleLosses = (step: number) => readonly LossClosure[];

/** Options of the Fisher metric. */
export const fisherOptions = {
  eta: number({
    min: 0,
    default: 1,
    unit: 'dimensionless',
    doc: 'η, weight of the Fisher information against the identity',
  }),
  perExample: code<PerExampleLosses>()({
    expected: 'a function (step) => closures',
    optional: "the batch's gradient",
    doc: "F from the gradients of single losses: called once per step, it gives the step's losses. One closure per example gives the empirical Fisher; micro-batches of m give about a part 1/m of it, plus the square of the mean gradient. Cost: one gradient per closure",
  }),
  decay: number({
    min: 0,
    below: 1,
    optional: 'none: F of the step alone',
    doc: 'Decay of a moving average of F over steps',
  }),
};

/** Options of the Fisher metric. */
export interface FisherMetricOptions extends OptionsOf<typeof fisherOptions> {}

declare module '../../kinds.js' {
  interface MetricConfigs {
    fisher: ConfigOf<typeof fisherOptions>;
  }
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
export const fisherMetric: PartFunction<FisherMetricOptions, PerturbationMetric, 'metric'> = definePart({
  kind: 'metric',
  name: 'fisher',
  owner: 'fisherMetric',
  doc: 'G = I + η diag(F): distance as the predictions see it',
  use: 'For classification: weights that the predictions depend on move less',
  source: 'Kim et al. 2022, arXiv 2206.04920',
  options: fisherOptions,
  create: ({ eta, perExample, decay }) => ({
    name: 'fisher',
    at: (gradient, oracle) => {
      if (!perExample && decay === undefined) {
        // F = g² is part of the formula: one pass.
        const of = (f: typeof shrunk) => (x: ParamVector) => f({ x, g: gradient, eta })[0];
        return { apply: of(stretched), solve: of(shrunk) };
      }
      const ofStep = perExample ? meanSquare(oracle, perExample(oracle.step)) : squares(gradient);
      const fisher = decay === undefined ? ofStep : movingAverage(oracle, ofStep, decay);
      return diagonalInner(damped({ fisher, eta })[0]);
    },
  }),
});

const damped = elementwise<'fisher' | 'eta'>((o, { fisher, eta }) => [o.add(1, o.mul(eta, fisher))]);
const stretched = elementwise<'x' | 'g' | 'eta'>((o, { x, g, eta }) => [
  o.mul(x, o.add(1, o.mul(eta, boundedSquare(o, g)))),
]);
const shrunk = elementwise<'x' | 'g' | 'eta'>((o, { x, g, eta }) => [
  o.div(x, o.add(1, o.mul(eta, boundedSquare(o, g)))),
]);

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
    tf.dispose(before);
  }
  return mean!;
}

function movingAverage(oracle: GradientOracle, ofStep: ParamVector, decay: number): ParamVector {
  const average = blend(oracle.state.get('fisher'), ofStep, biasCorrectedRate(oracle, 'fisher', decay));
  oracle.state.set('fisher', average);
  return average;
}
