import {
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  oneOf,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { directionSampler } from './directions.js';
import { sampledOptions, sampledRule } from './sampled-rule.js';
import { traceSharpness } from './sampled-sharpness.js';

const options = {
  ...sampledOptions({ rho: 0.01, lambda: 1, samples: 1 }),
  distribution: oneOf(['gaussian', 'sphere'], {
    default: 'gaussian',
    doc: "Of the directions: 'gaussian' is what the published code draws; 'sphere', uniform on the unit sphere over all variables together, is what the paper says",
  }),
};

/** Options of `traceSam`. The defaults are those of the published code. */
export interface TraceSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'trace-sam': VariantConfig<typeof options>;
  }
}

/**
 * Trace-SAM: descends the loss and the trace of the Hessian.
 *
 *   direction = g + λ mean_i (∇L(θ + ρ s_i) − g),   s_i standard normal
 *
 * With one sample and λ = 1 it is the gradient at a random point near θ. Cost: `samples` extra gradients.
 *
 * @throws RangeError when a number is out of its range or `distribution` unknown; TypeError when `sampler` is no
 *   function.
 * @see Tahmasebi et al. 2024, "A Universal Class of Sharpness-Aware Minimization Algorithms": the average-based objective.
 *   https://arxiv.org/abs/2406.03682
 */
export const traceSam: Variant<TraceSamOptions> = defineVariant({
  name: 'trace-sam',
  doc: "Trace-SAM: descends the loss and the Hessian's trace, from random directions",
  use: 'To minimise the average curvature in place of the largest',
  source: 'Tahmasebi et al. 2024, arXiv 2406.03682',
  gradients: ({ samples }) => samples + 1,
  options,
  rule: ({ rho, lambda, samples, ...directions }) =>
    sampledRule({
      name: 'trace-sam',
      ...{ rho, lambda, samples },
      draw: directionSampler(directions),
      sharpness: traceSharpness(),
    }),
});
