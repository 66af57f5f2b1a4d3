import {
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { cube, directionSampler } from './directions.js';
import { sampledOptions, sampledRule } from './sampled-rule.js';
import { detSharpness } from './sampled-sharpness.js';

const options = {
  ...sampledOptions({ rho: 1, lambda: 1, samples: 1 }),
  halfWidth: cube({ default: 0.01 }),
};

/** Options of `detSam`. The defaults are those of the published code. */
export interface DetSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'det-sam': VariantConfig<typeof options>;
  }
}

/**
 * Det-SAM: descends the loss and a function that grows with the determinant of the Hessian.
 *
 *   direction = g + λ Q⁻³ mean_i q_i (∇L(θ + ρ s_i) − g),   s_i uniform in [−h, h]^d
 *   q_i = e^(−D_i/2),  Q = mean_i q_i,  D_i = (L(θ + ρ s_i) − L(θ))/ρ²
 *
 * It is the determinant in the limit of a cube much wider than 1/√λ_min(H); in the small cube of the defaults it is
 * close to the trace (see `detSharpness`). Cost: `samples` extra gradients.
 *
 * @throws RangeError when a number is out of its range; TypeError when `sampler` is no function.
 * @see Tahmasebi et al. 2024, "A Universal Class of Sharpness-Aware Minimization Algorithms": Det-SAM.
 *   https://arxiv.org/abs/2406.03682
 */
export const detSam: Variant<DetSamOptions> = defineVariant({
  name: 'det-sam',
  doc: "Det-SAM: descends the loss and a function of the Hessian's determinant, from random directions",
  use: 'To minimise a chosen function of the curvature, here close to its determinant, in place of a worst case',
  source: 'Tahmasebi et al. 2024, arXiv 2406.03682',
  gradients: ({ samples }) => samples + 1,
  options,
  rule: ({ rho, lambda, samples, ...directions }) =>
    sampledRule({
      name: 'det-sam',
      ...{ rho, lambda, samples },
      draw: directionSampler({ distribution: 'cube', ...directions }),
      sharpness: detSharpness(),
    }),
});
