import * as tf from '@tensorflow/tfjs-core';
import { map } from '../../algebra/vector.js';
import { matcher, someVariables } from '../../declare/matching.js';
import { type ConfigOf, number, type OptionsOf } from '../../declare/option.js';
import { definePart, type PartFunction } from '../../declare/part.js';
import type { PerturbationMetric } from '../metric.js';

/** Options of the elementwise metric. */
export const elementwiseOptions = {
  eta: number({
    min: 0,
    default: 0.01,
    unit: 'weight units',
    doc: 'η, added to |θ|; 0 is the widely used |θ| form',
  }),
  scaled: someVariables('Which variables are scaled, the others having T = 1', 'all'),
};

/** Options of the elementwise metric. */
export interface ElementwiseMetricOptions extends OptionsOf<typeof elementwiseOptions> {}

declare module '../../kinds.js' {
  interface MetricConfigs {
    elementwise: ConfigOf<typeof elementwiseOptions>;
  }
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
export const elementwiseMetric: PartFunction<ElementwiseMetricOptions, PerturbationMetric, 'metric'> =
  definePart({
    kind: 'metric',
    name: 'elementwise',
    owner: 'elementwiseMetric',
    doc: 'G = diag(|θ| + η)⁻²: a ball that stretches with the weights',
    use: 'Where weights or layers differ in scale: the ball stretches with them',
    source: 'Kwon et al. 2021, arXiv 2102.11600',
    options: elementwiseOptions,
    create: ({ eta, scaled }) => {
      const isScaled = matcher('elementwiseMetric: expected scaled', scaled);
      return {
        name: 'elementwise',
        at: (_gradient, { variables }) => {
          const squaredT = variables.map((variable) =>
            isScaled && !isScaled(variable)
              ? undefined
              : tf.tidy(() => tf.square(tf.add(tf.abs(variable), eta))),
          );
          return {
            apply: (v) =>
              map(v, (tensor, i) => (squaredT[i] ? tf.divNoNan(tensor, squaredT[i]) : tf.clone(tensor))),
            solve: (g) =>
              map(g, (tensor, i) => (squaredT[i] ? tf.mul(tensor, squaredT[i]) : tf.clone(tensor))),
          };
        },
      };
    },
  });
