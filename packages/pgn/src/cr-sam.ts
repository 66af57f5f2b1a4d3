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
import { curvatureOptions, curvatureRegularisation } from './curvature-regularisation.js';

const { combine: _, ...strategies } = strategyOptions;
const options = { rho: radius({ default: 0.1 }), ...curvatureOptions, ...strategies };

/** Options of `crSam`. */
export interface CrSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'cr-sam': VariantConfig<typeof options>;
  }
}

/**
 * CR-SAM: curvature regularised SAM, which also flattens the loss along the perturbation, by finite differences.
 *
 *   δ = ρ g / ‖g‖,   g± = ∇L(θ ± δ);   direction = g₊ + γ (g₊ + g₋ − 2g) + β (g₊ − g₋)
 *
 * As the published code computes it: without the factors that the gradient of a logarithm would have. Cost: two extra
 * gradients, independent of one another.
 *
 * @throws RangeError when `rho`, `gamma` or `beta` is negative or not finite; TypeError when a part is not of its kind.
 * @see Wu et al. 2024, "CR-SAM: Curvature Regularized Sharpness-Aware Minimization".
 *   https://arxiv.org/abs/2312.13555
 */
export const crSam: Variant<CrSamOptions> = defineVariant({
  name: 'cr-sam',
  doc: 'SAM that also flattens the loss along the perturbation',
  use: 'Where the loss bends so much within the radius that one ascent step misses its worst point',
  source: 'Wu et al. 2024, arXiv 2312.13555',
  gradients: 3,
  options,
  rule: ({ gamma, beta, ...given }) =>
    compose({ ...given, combine: curvatureRegularisation({ gamma, beta }), name: 'cr-sam' }),
});
