import { type AscentStep, definePart, type PartFunction, scaleFinite } from '@tfjs-sam/core';

declare module '@tfjs-sam/core' {
  interface MetricConfigs {
    unnormalised: Record<never, never>;
  }
}

/**
 * An ascent step that is proportional to the gradient: it shrinks with it towards a minimum. Goes where a metric goes.
 *
 *   δ = ρ g
 *
 * Zero where the gradient is not finite.
 *
 * @see Andriushchenko and Flammarion 2022, "Towards Understanding Sharpness-Aware Minimization".
 *   https://arxiv.org/abs/2206.06232
 */
export const unnormalisedAscent: PartFunction<Record<never, never>, AscentStep, 'metric'> = definePart({
  kind: 'metric',
  name: 'unnormalised',
  owner: 'unnormalisedAscent',
  doc: 'An ascent step that is proportional to the gradient',
  use: 'Where the perturbation should vanish with the gradient',
  source: 'Andriushchenko and Flammarion 2022, arXiv 2206.06232',
  options: {},
  create: () => ({
    name: 'unnormalised',
    step: (gradient: Parameters<AscentStep['step']>[0], rho: number) => scaleFinite(rho, gradient),
  }),
});
