import {
  chainAscents,
  compose,
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { centredAscent, centredOptions } from './centred-ascent.js';
import { polarAscent, polarOptions } from './polar-ascent.js';
import { preconditioned, preconditionedOptions } from './preconditioned.js';
import { zScore, zScoreOptions } from './z-score.js';

const { metric: _, ...unmeasured } = strategyOptions;
const { ascent: _ascent, ...undirected } = strategyOptions;
const rho = radius({ default: 0.05 });

const zsharpOptions = { rho, ...zScoreOptions, ...strategyOptions };
const gcSamOptions = { rho, ...centredOptions, ...unmeasured };
const polarSamOptions = { rho, ...polarOptions, ...unmeasured };
const preconditionedSamOptions = { rho, ...preconditionedOptions, ...undirected };

/** Options of `zsharp`. `ascent` turns what stands out, in the gradient's place, into what is climbed along. */
export interface ZsharpOptions extends OptionsOf<typeof zsharpOptions>, DriverOptions {}
/** Options of `gcSam`. */
export interface GcSamOptions extends OptionsOf<typeof gcSamOptions>, DriverOptions {}
/** Options of `polarSam`. */
export interface PolarSamOptions extends OptionsOf<typeof polarSamOptions>, DriverOptions {}
/** Options of `preconditionedSam`. */
export interface PreconditionedSamOptions extends OptionsOf<typeof preconditionedSamOptions>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    zsharp: VariantConfig<typeof zsharpOptions>;
    'gc-sam': VariantConfig<typeof gcSamOptions>;
    'polar-sam': VariantConfig<typeof polarSamOptions>;
    'preconditioned-sam': VariantConfig<typeof preconditionedSamOptions>;
  }
}

/**
 * ZSharp: climbs along those entries of the gradient that stand out within their kernel.
 *
 *   f = g where |z| > quantile(|z|, p), else 0;   δ = ρ f / ‖f‖;   direction = ∇L(θ + δ)
 *
 * The published code normalises each kernel by itself, so that ‖δ‖ exceeds ρ; here ‖δ‖ = ρ. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite or `percentile` outside [0, 1); TypeError when a part is not of
 *   its kind.
 * @see ZSharp 2025, https://arxiv.org/abs/2505.02369
 */
export const zsharp: Variant<ZsharpOptions> = defineVariant({
  name: 'zsharp',
  doc: 'SAM that climbs along the gradient’s outstanding entries',
  use: 'Where only the outstanding entries of the gradient should be climbed',
  source: 'arXiv 2505.02369',
  gradients: 2,
  options: zsharpOptions,
  rule: ({ percentile, ascent, ...given }) =>
    compose({ ...given, ascent: chainAscents(zScore({ percentile }), ascent), name: 'zsharp' }),
});

/**
 * GCSAM: climbs along the centred gradient, without what all inputs of an output share.
 *
 *   δ = ρ c / ‖g‖,   c = g − mean g over all axes but the outputs';   direction = ∇L(θ + δ)
 *
 * As in the published code the norm is that before centring, so that ‖δ‖ <= ρ. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite; TypeError when a part is not of its kind.
 * @see GCSAM, https://arxiv.org/abs/2501.11584
 */
export const gcSam: Variant<GcSamOptions> = defineVariant({
  name: 'gc-sam',
  doc: 'SAM that climbs along the centred gradient',
  use: 'Where centred gradients help the base optimizer as well',
  source: 'arXiv 2501.11584',
  gradients: 2,
  options: gcSamOptions,
  rule: ({ fullRadius, ...given }) =>
    compose({ ...given, metric: centredAscent({ fullRadius }), name: 'gc-sam' }),
});

/**
 * Polar SAM, SAGE's ascent: all singular values of each kernel's perturbation are alike.
 *
 *   δ = ρ U Vᵀ,   g = U S Vᵀ of each kernel;   direction = ∇L(θ + δ)
 *
 * ρ bounds each kernel's spectral norm by itself: ‖δ‖ is larger by the root of the ranks' sum. Cost: one extra gradient and
 * the iterations' matrix products.
 *
 * @throws RangeError when `rho` is negative or not finite or `iterations` no integer >= 1; TypeError when a part is not of
 *   its kind.
 * @see SAGE, https://arxiv.org/abs/2605.07914, by its abstract.
 */
export const polarSam: Variant<PolarSamOptions> = defineVariant({
  name: 'polar-sam',
  doc: 'SAM in a ball of the spectral norm, kernel by kernel',
  use: 'For matrices that Muon trains: the perturbation has the geometry of its updates',
  source: 'arXiv 2605.07914',
  gradients: 2,
  options: polarSamOptions,
  rule: ({ iterations, ...given }) =>
    compose({ ...given, metric: polarAscent({ iterations }), name: 'polar-sam' }),
});

/**
 * Preconditioned SAM: climbs along the gradient as Adam scales it.
 *
 *   δ = ρ d / ‖d‖,   d = g / (√v + ε);   direction = ∇L(θ + δ)
 *
 * v is the base optimizer's second moment where it has one. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite or another option out of its range; TypeError when a part is not
 *   of its kind.
 * @see "Sharpness-aware minimization in function space", ICML 2025, by its abstract.
 */
export const preconditionedSam: Variant<PreconditionedSamOptions> = defineVariant({
  name: 'preconditioned-sam',
  doc: 'SAM that climbs along the gradient as Adam scales it',
  use: 'With Adam or AdamW, so that climbing and descending share one geometry',
  source: 'ICML 2025',
  gradients: 2,
  options: preconditionedSamOptions,
  rule: ({ beta2, epsilon, ...given }) =>
    compose({ ...given, ascent: preconditioned({ beta2, epsilon }), name: 'preconditioned-sam' }),
});
