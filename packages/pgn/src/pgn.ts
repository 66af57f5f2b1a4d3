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
import { gradientMix, gradientMixOptions } from './gradient-mix.js';

const { combine: _, ...strategies } = strategyOptions;
const options = {
  rho: radius({ default: 0.1, doc: "Radius ρ in the metric's norm, the paper's r" }),
  ...gradientMixOptions,
  ...strategies,
};

/** Options of `pgn`. */
export interface PgnOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    pgn: VariantConfig<typeof options>;
  }
}

/**
 * PGN: penalises the norm of the gradient, whose own gradient is the difference of two gradients.
 *
 *   δ = ρ g / ‖g‖;   direction = (1 − α) g + α gₚ,   gₚ = ∇L(θ + δ)
 *
 * The published code mixes in g/‖g‖ for g by default, against its own formula; here it is g. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` or `alpha` is negative or not finite; TypeError when a part is not of its kind.
 * @see Zhao et al. 2022, "Penalizing Gradient Norm for Efficiently Improving Generalization in Deep Learning".
 *   https://arxiv.org/abs/2202.03599
 */
export const pgn: Variant<PgnOptions> = defineVariant({
  name: 'pgn',
  doc: 'Penalises the norm of the gradient',
  use: 'To blend SGD and SAM by one number',
  source: 'Zhao et al. 2022, arXiv 2202.03599',
  gradients: 2,
  options,
  rule: ({ alpha, ...given }) => compose({ ...given, combine: gradientMix({ alpha }), name: 'pgn' }),
});
