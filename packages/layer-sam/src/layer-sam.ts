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
import { eachVariable, onlyOptions, onlyVariables, scaledSignAscent } from './ascents.js';
import { layerwiseMetric, scaledOptions } from './layerwise-metric.js';

const { metric: _, ...unmeasured } = strategyOptions;

const layerwiseOptions = { rho: radius({ default: 0.5 }), ...scaledOptions, ...unmeasured };
const signOptions = {
  rho: radius({ default: 0.01, unit: 'sizes of a weight', doc: 'Radius ρ' }),
  ...scaledOptions,
  ...unmeasured,
};
const samOnOptions = { rho: radius({ default: 0.5 }), ...onlyOptions, ...strategyOptions };
const layerOptions = {
  rho: radius({ default: 0.05, unit: 'weight units', doc: 'Radius ρ of each variable' }),
  ...unmeasured,
};

/** Options of `layerwiseAsam`. */
export interface LayerwiseAsamOptions extends OptionsOf<typeof layerwiseOptions>, DriverOptions {}
/** Options of `signAsam`. */
export interface SignAsamOptions extends OptionsOf<typeof signOptions>, DriverOptions {}
/** Options of `samOn`. `ascent` sees the gradient of the variables that climb. */
export interface SamOnOptions extends OptionsOf<typeof samOnOptions>, DriverOptions {}
/** Options of `layerSam`. */
export interface LayerSamOptions extends OptionsOf<typeof layerOptions>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'layerwise-asam': VariantConfig<typeof layerwiseOptions>;
    'sign-asam': VariantConfig<typeof signOptions>;
    'sam-on': VariantConfig<typeof samOnOptions>;
    'layer-sam': VariantConfig<typeof layerOptions>;
  }
}

const source = 'Müller et al. 2023, arXiv 2306.04226';

/**
 * Layer-wise adaptive SAM: every variable's share of the ball follows its own size.
 *
 *   δ = ρ T² g / ‖T g‖,   T = ‖θ_variable‖ + η of kernels and γ, else 1;   direction = ∇L(θ + δ)
 *
 * The published code multiplies by 1 + η in place of adding η. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` or `eta` is negative or not finite; TypeError when a part is not of its kind.
 * @see Müller et al. 2023, "Normalization Layers Are All That Sharpness-Aware Minimization Needs".
 *   https://arxiv.org/abs/2306.04226
 */
export const layerwiseAsam: Variant<LayerwiseAsamOptions> = defineVariant({
  name: 'layerwise-asam',
  doc: 'Adaptive SAM by the size of whole variables',
  use: 'Where layers differ in scale: one scale for each layer in place of one for each weight',
  source,
  gradients: 2,
  options: layerwiseOptions,
  rule: ({ eta, scaled, ...given }) =>
    compose({ ...given, metric: layerwiseMetric({ eta, scaled }), name: 'layerwise-asam' }),
});

/**
 * Adaptive SAM in the box, ‖T⁻¹ δ‖_∞ <= ρ: each weight moves by its own size.
 *
 *   δ = ρ T sign(g),   T = |θ| + η of kernels and γ, else 1;   direction = ∇L(θ + δ)
 *
 * Cost: one extra gradient.
 *
 * @throws RangeError when `rho` or `eta` is negative or not finite; TypeError when a part is not of its kind.
 * @see Müller et al. 2023, "Normalization Layers Are All That Sharpness-Aware Minimization Needs".
 *   https://arxiv.org/abs/2306.04226
 */
export const signAsam: Variant<SignAsamOptions> = defineVariant({
  name: 'sign-asam',
  doc: 'Adaptive SAM in the box: each weight moves by its own size',
  use: 'With ASAM’s reasons, where every weight should move by the same share of its size',
  source,
  gradients: 2,
  options: signOptions,
  rule: ({ eta, scaled, ...given }) =>
    compose({ ...given, metric: scaledSignAscent({ eta, scaled }), name: 'sign-asam' }),
});

/**
 * SAM-ON: only normalisation layers are perturbed; all weights are trained.
 *
 *   δ = ρ g_N / ‖g_N‖ on the variables N, else 0;   direction = ∇L(θ + δ)
 *
 * Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite; TypeError when a part is not of its kind. The step throws when
 *   no variable matches.
 * @see Müller et al. 2023, "Normalization Layers Are All That Sharpness-Aware Minimization Needs".
 *   https://arxiv.org/abs/2306.04226
 */
export const samOn: Variant<SamOnOptions> = defineVariant({
  name: 'sam-on',
  doc: 'SAM that perturbs normalisation layers only',
  use: 'For networks with batch or layer normalisation, at least as good as SAM there in the paper’s experiments',
  source,
  gradients: 2,
  options: samOnOptions,
  rule: ({ match, ascent, ...given }) =>
    compose({ ...given, ascent: chainAscents(onlyVariables({ match }), ascent), name: 'sam-on' }),
});

/**
 * Layer-wise SAM: every variable is perturbed by ρ, whatever its share of the gradient.
 *
 *   δ = ρ g / ‖g‖ of each variable by itself;   direction = ∇L(θ + δ)
 *
 * Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite; TypeError when a part is not of its kind.
 */
export const layerSam: Variant<LayerSamOptions> = defineVariant({
  name: 'layer-sam',
  doc: 'SAM that is normalised variable by variable',
  use: 'Where a few large layers would take the whole radius',
  gradients: 2,
  options: layerOptions,
  rule: (given) => compose({ ...given, metric: eachVariable(), name: 'layer-sam' }),
});
