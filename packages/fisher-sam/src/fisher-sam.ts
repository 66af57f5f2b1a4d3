import {
  compose,
  type DriverOptions,
  defineVariant,
  fisherMetric,
  fisherOptions,
  type OptionsOf,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = {
  rho: radius({ default: 0.1, doc: "Radius ρ in the Fisher metric, the paper's γ" }),
  ...fisherOptions,
  ...strategyOptions,
};

/** Options of `fisherSam`. */
export interface FisherSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'fisher-sam': VariantConfig<typeof options>;
  }
}

/**
 * Fisher SAM: SAM in a ball measured by the diagonal Fisher information, so that weights that the predictions hang
 * on move less.
 *
 *   δ = ρ f/√⟨g, f⟩,  f = g/(1 + ηF);   direction = ∇L(θ + δ)
 *
 * F is the batch gradient's square by default, as published. `metric` replaces `eta`, `perExample` and `decay` together.
 * Cost: one extra gradient, and one per closure of `perExample`.
 *
 * @throws RangeError when `rho` or `eta` is negative or not finite or `decay` not in [0, 1); TypeError when a part is
 *   not of its kind.
 * @see Kim et al. 2022, "Fisher SAM: Information Geometry and Sharpness Aware Minimisation", algorithm 1.
 *   https://arxiv.org/abs/2206.04920
 */
export const fisherSam: Variant<FisherSamOptions> = defineVariant({
  name: 'fisher-sam',
  doc: 'Fisher SAM: a ball in the diagonal Fisher metric of the batch gradient',
  use: 'For classification, where weights that the predictions depend on should move less',
  source: 'Kim et al. 2022, arXiv 2206.04920',
  gradients: 2,
  options,
  rule: ({ eta, perExample, decay, metric, ...given }) =>
    compose({ ...given, metric: metric ?? fisherMetric({ eta, perExample, decay }), name: 'fisher-sam' }),
});
