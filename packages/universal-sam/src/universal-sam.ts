import {
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { directionSampler, distributedOptions } from './directions.js';
import { sampledOptions, sampledRule } from './sampled-rule.js';
import { universalOptions, universalSharpness } from './sampled-sharpness.js';

const options = {
  ...sampledOptions({ rho: 0.01, lambda: 1, samples: 1 }),
  ...universalOptions,
  ...distributedOptions,
};

/** Options of `universalSam`. The defaults are Trace-SAM. */
export interface UniversalSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'universal-sam': VariantConfig<typeof options>;
  }
}

/**
 * The universal class: descends the loss and any sharpness of the form φ(mean ψ).
 *
 *   direction = g + λ φ′(mean_i ψ(D_i)) mean_i ψ′(D_i) (g_i − g)
 *   g_i = ∇L(θ + ρ s_i),  D_i = (L(θ + ρ s_i) − L(θ))/ρ²,  s_i drawn from `distribution`
 *
 * The gradient of λ φ(mean ψ(D)) has another factor 1/ρ², which λ absorbs, as in the published code: the paper's
 * hyper-parameters are those of its code. Cost: `samples` extra gradients.
 *
 * @throws RangeError when a number is out of its range or a name unknown; TypeError when a function is none.
 * @see Tahmasebi et al. 2024, "A Universal Class of Sharpness-Aware Minimization Algorithms": (φ, ψ, μ)-sharpness.
 *   https://arxiv.org/abs/2406.03682
 */
export const universalSam: Variant<UniversalSamOptions> = defineVariant({
  name: 'universal-sam',
  doc: 'Universal class: descends the loss and any sharpness of the form φ(mean ψ)',
  use: 'To minimise a measure of flatness of your own choice',
  source: 'Tahmasebi et al. 2024, arXiv 2406.03682',
  gradients: ({ samples }) => samples + 1,
  options,
  rule: ({ rho, lambda, samples, phi, phiDerivative, psi, psiDerivative, ...directions }) =>
    sampledRule({
      name: 'universal-sam',
      ...{ rho, lambda, samples },
      draw: directionSampler(directions),
      sharpness: universalSharpness({ phi, phiDerivative, psi, psiDerivative }),
    }),
});
