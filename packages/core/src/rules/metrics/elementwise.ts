import * as tf from '@tensorflow/tfjs-core';
import { elementwise } from '../../algebra/elementwise.js';
import type { ParamVector } from '../../algebra/vector.js';
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
  scaled: someVariables('The variables that are scaled, the others having T = 1', 'all'),
};

/** Options of the elementwise metric. */
export interface ElementwiseMetricOptions extends OptionsOf<typeof elementwiseOptions> {}

declare module '../../kinds.js' {
  interface MetricConfigs {
    elementwise: ConfigOf<typeof elementwiseOptions>;
  }
}

/** T² x and T⁻² x; the latter 0 where T is. */
const stretched = elementwise<'x' | 'w' | 'eta'>((o, { x, w, eta }) => {
  const t = o.add(o.abs(w), eta);
  return [o.mul(x, o.mul(t, t))];
});
const shrunk = elementwise<'x' | 'w' | 'eta'>((o, { x, w, eta }) => {
  const t = o.add(o.abs(w), eta);
  return [o.divNoNan(x, o.mul(t, t))];
});

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
      const matches = matcher('elementwiseMetric: expected scaled', scaled);
      return {
        name: 'elementwise',
        at: (_gradient, { variables }) => {
          const isScaled = variables.map((variable) => matches?.(variable) ?? true);
          const some = <T>(all: readonly T[]) => all.filter((_, i) => isScaled[i]);
          /** `f` of the variables that are scaled; the others' tensors as they are. */
          const ofScaled = (f: typeof shrunk, x: ParamVector): ParamVector => {
            const results = f({ x: some(x), w: some(variables), eta })[0].values();
            return x.map((tensor, i) => (isScaled[i] ? results.next().value! : tf.clone(tensor)));
          };
          return { apply: (v) => ofScaled(shrunk, v), solve: (g) => ofScaled(stretched, g) };
        },
      };
    },
  });
