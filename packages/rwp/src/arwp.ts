import * as tf from '@tensorflow/tfjs-core';
import {
  averageDecay,
  type DriverOptions,
  defineVariant,
  drawOptions,
  map,
  nonNegativeAt,
  number,
  type OptionsOf,
  requireOneRadius,
  type SharpnessRule,
  schedule,
  seededSampler,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { filterNoise, summedByOutput } from './filter-noise.js';

const options = {
  gamma: schedule({ default: 0.01, doc: 'Standard deviation γ of the noise, in norms of the weights' }),
  eta: number({ min: 0, default: 1, doc: 'Factor η by which past gradients narrow the noise' }),
  decay: averageDecay({ default: 0.9, of: 'sum of squared gradients, β' }),
  ...drawOptions({ of: 'standard normal noise', note: 'one draw a step' }),
};

/** Options of `arwp`. */
export interface ArwpOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    arwp: VariantConfig<typeof options>;
  }
}

/** v, the decayed sum of squared gradients. */
const SQUARES = 'arwp-squares';

/**
 * ARWP: adaptive random weight perturbation, whose noise is narrower where gradients have been large.
 *
 *   δ = γ s z / √(1 + η F);   g = ∇L(θ + δ);   v ← β v + g²;   direction = g
 *
 * z ~ N(0, I) and s as of `rwp`; F is v summed over the weights of an output of a kernel, v itself of vectors, 0 in the
 * first step. v is a decayed sum, not a mean, as in the published code. The loss that `minimize` reports is that of the
 * noisy weights. Memory: one vector. Cost: no extra gradient.
 *
 * @throws RangeError when an option is out of its range.
 * @see Li et al. 2024, "Revisiting Random Weight Perturbation for Efficiently Improving Generalization".
 *   https://arxiv.org/abs/2404.00357
 */
export const arwp: Variant<ArwpOptions> = defineVariant({
  name: 'arwp',
  doc: 'Descends the loss of noisy weights, with less noise where gradients are large',
  use: 'Where one width of noise does not fit all filters: those with large gradients get less',
  source: 'Li et al. 2024, arXiv 2404.00357',
  gradients: 1,
  options,
  rule: ({ gamma, eta, decay, seed, sampler }): SharpnessRule => {
    const draw = sampler ?? seededSampler('gaussian', seed);
    return {
      name: 'arwp',
      direction: (oracle) => {
        requireOneRadius('arwp');
        const { variables, step, state } = oracle;
        const noise = filterNoise(variables, nonNegativeAt('arwp', 'gamma', gamma, step), draw, step, 0);
        const squares = state.recall(SQUARES, () => variables.map((variable) => tf.zerosLike(variable)));
        const perturbation = map(noise, (tensor, i) =>
          tf.mul(tensor, tf.rsqrt(tf.add(1, tf.mul(eta, summedByOutput(squares[i]!, false))))),
        );
        const { loss, gradient } = oracle.evaluate({ perturbation });
        state.set(
          SQUARES,
          map(gradient, (g, i) => tf.add(tf.mul(decay, squares[i]!), tf.square(g))),
        );
        return { loss, direction: gradient };
      },
    };
  },
});
