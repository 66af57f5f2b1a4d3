import {
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { directionSampler } from './directions.js';
import { sampledOptions, sampledRule } from './sampled-rule.js';
import { frobSharpness } from './sampled-sharpness.js';

const options = sampledOptions({ rho: 0.005, lambda: 0.005, samples: 2, least: 2 });

/** Options of `frobSam`. The defaults are those of the published code. */
export interface FrobSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'frob-sam': VariantConfig<typeof options>;
  }
}

/**
 * Frob-SAM: descends the loss and the Frobenius norm of the Hessian, as the variance of the loss around θ.
 *
 *   direction = g + λ/(ρ² (n − 1)) Σ_i (L_i − L̄)(g_i − g),   L_i, g_i at θ + ρ s_i,  s_i standard normal
 *
 * Subtracting the means before multiplying keeps the digits that the published code's sums cancel. `samples` is at
 * least 2: one sample has no variance (the published configuration's 1 divides by zero). Cost: `samples` extra gradients.
 *
 * @throws RangeError when a number is out of its range; TypeError when `sampler` is no function.
 * @see Tahmasebi et al. 2024, "A Universal Class of Sharpness-Aware Minimization Algorithms": Frob-SAM.
 *   https://arxiv.org/abs/2406.03682
 */
export const frobSam: Variant<FrobSamOptions> = defineVariant({
  name: 'frob-sam',
  doc: "Frob-SAM: descends the loss and the Hessian's Frobenius norm, from random directions",
  use: 'To minimise the Frobenius norm of the Hessian, which large eigenvalues of either sign raise',
  source: 'Tahmasebi et al. 2024, arXiv 2406.03682',
  gradients: ({ samples }) => samples + 1,
  options,
  rule: ({ rho, lambda, samples, ...directions }) =>
    sampledRule({
      name: 'frob-sam',
      ...{ rho, lambda, samples },
      draw: directionSampler(directions),
      sharpness: frobSharpness(),
    }),
});
