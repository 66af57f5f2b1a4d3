import {
  compose,
  type DriverOptions,
  defineVariant,
  elementwiseMetric,
  elementwiseOptions,
  type OptionsOf,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const { metric: _, ...strategies } = strategyOptions;
const options = {
  rho: radius({ default: 0.5, unit: 'dimensionless', doc: 'Radius ρ in the elementwise metric' }),
  ...elementwiseOptions,
  ...strategies,
};

/** Options of `asam`. */
export interface AsamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    asam: VariantConfig<typeof options>;
  }
}

/**
 * Adaptive SAM: the ball stretches with the weights, so that rescaling a layer does not change the sharpness seen.
 *
 *   δ = ρ T²g / ‖T g‖,  T = diag(|θ| + η);   direction = ∇L(θ + δ)
 *
 * `rho` is 0.5 by default, ten times SAM's, because T is small where weights are. `eta` = 0 is the widely used
 * |θ| form; `scaled` = only kernels is that of the authors' code. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` or `eta` is negative or not finite.
 * @see Kwon et al. 2021, "ASAM", algorithm 1. https://arxiv.org/abs/2102.11600
 */
export const asam: Variant<AsamOptions> = defineVariant({
  name: 'asam',
  doc: 'Adaptive SAM: a ball that stretches with the weights',
  use: 'Where layers differ much in the size of their weights, or where they may be rescaled without changing the network',
  source: 'Kwon et al. 2021, arXiv 2102.11600',
  gradients: 2,
  options,
  rule: ({ eta, scaled, ...given }) =>
    compose({ ...given, metric: elementwiseMetric({ eta, scaled }), name: 'asam' }),
});
