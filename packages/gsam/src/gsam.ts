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
import { surrogateGap, surrogateGapOptions } from './surrogate-gap.js';

const { combine: _, ...strategies } = strategyOptions;
const options = { rho: radius({ default: 0.05 }), ...surrogateGapOptions, ...strategies };

/** Options of `gsam`. */
export interface GsamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    gsam: VariantConfig<typeof options>;
  }
}

/**
 * Surrogate-gap guided SAM: minimises the perturbed loss, and with it the gap between perturbed loss and loss, which
 * measures sharpness near a minimum where the perturbed loss does not.
 *
 *   δ = ρ g / ‖g‖;   direction = gₚ − α (g − ⟨g, gₚ⟩ gₚ / ‖gₚ‖²),   gₚ = ∇L(θ + δ)
 *
 * The paper lets ρ follow the learning rate: see `rhoFromLearningRate`. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` or `alpha` is negative or not finite; TypeError when a part is not of its kind.
 * @see Zhuang et al. 2022, "Surrogate Gap Minimization Improves Sharpness-Aware Training", algorithm 1.
 *   https://arxiv.org/abs/2203.08065
 */
export const gsam: Variant<GsamOptions> = defineVariant({
  name: 'gsam',
  doc: 'Surrogate-gap guided SAM: also descends along the part of g that the perturbed loss does not see',
  use: 'With a schedule of the learning rate that ρ can follow, and to weigh the gap apart from the radius',
  source: 'Zhuang et al. 2022, arXiv 2203.08065',
  gradients: 2,
  options,
  rule: ({ alpha, ...given }) => compose({ ...given, combine: surrogateGap({ alpha }), name: 'gsam' }),
});
