import {
  type AscentDirection,
  compose,
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { batchNoise, batchNoiseOptions } from './batch-noise.js';

const options = { rho: radius({ default: 0.05 }), ...batchNoiseOptions, ...strategyOptions };

/** Options of `friendlySam`. `ascent` turns d = g − σ m, in the gradient's place, into what is climbed along. */
export interface FriendlySamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'friendly-sam': VariantConfig<typeof options>;
  }
}

/**
 * Friendly SAM: perturbs along the noise of the batch gradient, without the full gradient's part in it, which a moving
 * average m estimates.
 *
 *   d = g − σ m,   m ← λ m + (1 − λ) g,   δ = ρ d / ‖d‖,   direction = ∇L(θ + δ)
 *
 * The first step is plain SAM's. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` or `sigma` is negative or not finite, or `lambda` outside [0, 1); TypeError when a part
 *   is not of its kind.
 * @see Li et al. 2024, "Friendly Sharpness-Aware Minimization". https://arxiv.org/abs/2403.12350
 */
export const friendlySam: Variant<FriendlySamOptions> = defineVariant({
  name: 'friendly-sam',
  doc: 'Friendly SAM: perturbs along the noise of the batch gradient, without what all batches share',
  use: 'Where the batch’s own noise should be climbed: what all batches share is taken out of the perturbation',
  source: 'Li et al. 2024, arXiv 2403.12350',
  gradients: 2,
  options,
  rule: ({ sigma, lambda, ascent, ...given }) =>
    compose({ ...given, ascent: chained(batchNoise({ sigma, lambda }), ascent), name: 'friendly-sam' }),
});

function chained(noise: AscentDirection, ascent: AscentDirection | undefined): AscentDirection {
  if (ascent === undefined) return noise;
  if (typeof ascent === 'function') return (gradient, oracle) => ascent(noise(gradient, oracle), oracle);
  throw new TypeError('friendly-sam: expected ascent to be a function (gradient, oracle) => direction');
}
