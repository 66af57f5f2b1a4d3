import {
  chainAscents,
  compose,
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { smoothedGradient, smoothedGradientOptions } from './smoothed-gradient.js';

const options = { rho: radius({ default: 0.05 }), ...smoothedGradientOptions, ...strategyOptions };

/** Options of `vasso`. `ascent` turns the average, in the gradient's place, into what is climbed along. */
export interface VassoOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    vasso: VariantConfig<typeof options>;
  }
}

/**
 * VaSSO: variance-suppressed sharpness-aware optimization, which climbs along a moving average of the gradients.
 *
 *   d ← (1 − θ) d + θ g,   δ = ρ d / ‖d‖;   direction = ∇L(θ + δ)
 *
 * The first step is plain SAM's. Memory: one vector of the weights' size. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite or `theta` outside (0, 1]; TypeError when a part is not of its
 *   kind.
 * @see Li and Giannakis 2023, "Enhancing Sharpness-Aware Optimization Through Variance Suppression".
 *   https://arxiv.org/abs/2309.15639
 */
export const vasso: Variant<VassoOptions> = defineVariant({
  name: 'vasso',
  doc: 'SAM that climbs along a moving average of the gradients',
  use: 'Where the gradient that is climbed should be an average over steps and not one batch’s',
  source: 'Li and Giannakis 2023, arXiv 2309.15639',
  gradients: 2,
  options,
  rule: ({ theta, ascent, ...given }) =>
    compose({ ...given, ascent: chainAscents(smoothedGradient({ theta }), ascent), name: 'vasso' }),
});
