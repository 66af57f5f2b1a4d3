import {
  compose,
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { originalLength } from './original-length.js';
import { unnormalisedAscent } from './unnormalised-ascent.js';

const { combine: _, ...strategies } = strategyOptions;
const options = { rho: radius({ default: 0.05 }), ...strategies };

const { metric: _metric, ...unmeasured } = strategyOptions;
const ratio = radius({
  default: 0.05,
  unit: 'weight units per unit of the gradient',
  doc: 'Ratio ρ of ‖δ‖ and ‖g‖',
});
const usamOptions = { rho: ratio, ...unmeasured };

const { combine: _combine, ...fixed } = unmeasured;
const stableUsamOptions = { rho: ratio, ...fixed };

/** Options of `stableSam`. */
export interface StableSamOptions extends OptionsOf<typeof options>, DriverOptions {}
/** Options of `usam`. */
export interface UsamOptions extends OptionsOf<typeof usamOptions>, DriverOptions {}
/** Options of `stableUsam`. */
export interface StableUsamOptions extends OptionsOf<typeof stableUsamOptions>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'stable-sam': VariantConfig<typeof options>;
    usam: VariantConfig<typeof usamOptions>;
    'stable-usam': VariantConfig<typeof stableUsamOptions>;
  }
}

const stableSource = 'Tan et al. 2025, arXiv 2401.07250';

/**
 * Stable SAM: SAM's direction with the length of the gradient at θ, so that a learning rate that suits the base
 * optimizer alone suits SAM as well.
 *
 *   δ = ρ g / ‖g‖;   direction = gₚ ‖g‖ / ‖gₚ‖,   gₚ = ∇L(θ + δ)
 *
 * Not to be confused with sparse SAM, which is called SSAM as well. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite; TypeError when a part is not of its kind.
 * @see Tan et al. 2025, "Stabilizing Sharpness-aware Minimization Through A Simple Renormalization Strategy", JMLR.
 *   https://arxiv.org/abs/2401.07250
 */
export const stableSam: Variant<StableSamOptions> = defineVariant({
  name: 'stable-sam',
  doc: 'SAM whose direction keeps the length of the gradient at the weights',
  use: 'Where SAM’s longer gradients make a training unstable, for which it was made: steps keep the base’s length',
  source: stableSource,
  gradients: 2,
  options,
  rule: (given) => compose({ ...given, combine: originalLength(), name: 'stable-sam' }),
});

/**
 * Unnormalised SAM: the perturbation is proportional to the gradient, and vanishes with it.
 *
 *   δ = ρ g;   direction = ∇L(θ + δ)
 *
 * Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite; TypeError when a part is not of its kind.
 * @see Andriushchenko and Flammarion 2022, "Towards Understanding Sharpness-Aware Minimization".
 *   https://arxiv.org/abs/2206.06232
 */
export const usam: Variant<UsamOptions> = defineVariant({
  name: 'usam',
  doc: 'Unnormalised SAM: a perturbation that is proportional to the gradient',
  use: 'Where the perturbation should vanish near a minimum; ρ is then in other units than SAM’s',
  source: 'Andriushchenko and Flammarion 2022, arXiv 2206.06232',
  gradients: 2,
  options: usamOptions,
  rule: (given) => compose({ ...given, metric: unnormalisedAscent(), name: 'usam' }),
});

/**
 * Stable unnormalised SAM: `usam` whose direction keeps the length of the gradient at θ.
 *
 *   δ = ρ g;   direction = gₚ ‖g‖ / ‖gₚ‖,   gₚ = ∇L(θ + δ)
 *
 * Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite; TypeError when a part is not of its kind.
 * @see Tan et al. 2025, "Stabilizing Sharpness-aware Minimization Through A Simple Renormalization Strategy", JMLR.
 *   https://arxiv.org/abs/2401.07250
 */
export const stableUsam: Variant<StableUsamOptions> = defineVariant({
  name: 'stable-usam',
  doc: 'Unnormalised SAM whose direction keeps the length of the gradient at the weights',
  use: 'Where unnormalised SAM’s longer gradients make a training unstable, for which it was made: steps keep the base’s length',
  source: stableSource,
  gradients: 2,
  options: stableUsamOptions,
  rule: (given) =>
    compose({ ...given, metric: unnormalisedAscent(), combine: originalLength(), name: 'stable-usam' }),
});
