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
import { descentRadius, minSharpness } from './min-sharpness.js';

const { combine: _, ...strategies } = strategyOptions;
const options = {
  rhoMax: radius({ default: 0.05, doc: "Radius ρ_max of the ascent, in the metric's norm" }),
  rhoMin: descentRadius,
  ...strategies,
};

/** Options of `bilateralSam`. `metric`, `filter` and `ascent` shape the ascent; the descent is Euclidean. */
export interface BilateralSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'bilateral-sam': VariantConfig<typeof options>;
  }
}

/**
 * Bilateral SAM: flat in both directions, by max-sharpness (the highest loss nearby) and min-sharpness (the lowest).
 *
 *   δ = ρ_max g / ‖g‖,   δ_min = −ρ_min g / ‖g‖
 *   direction = gₚ + g − (‖gₚ‖ / ‖g_min‖) g_min,   gₚ = ∇L(θ + δ), g_min = ∇L(θ + δ_min)
 *
 * Cost: two extra gradients.
 *
 * @throws RangeError when a radius is negative or not finite; TypeError when a part is not of its kind.
 * @see Deng et al. 2024, "Bilateral Sharpness-Aware Minimization for Flatter Minima".
 *   https://arxiv.org/abs/2409.13173
 */
export const bilateralSam: Variant<BilateralSamOptions> = defineVariant({
  name: 'bilateral-sam',
  doc: 'Bilateral SAM: flattens towards the worst and towards the best point of the ball',
  use: 'Where the lowest loss nearby should count beside the highest, and a third gradient is affordable',
  source: 'Deng et al. 2024, arXiv 2409.13173',
  gradients: 3,
  options,
  rule: ({ rhoMax, rhoMin, ...given }) =>
    compose({ ...given, rho: rhoMax, combine: minSharpness({ rho: rhoMin }), name: 'bilateral-sam' }),
});
