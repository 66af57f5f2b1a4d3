import * as tf from '@tensorflow/tfjs-core';
import {
  composePerturbation,
  type DriverOptions,
  defineVariant,
  number,
  type OptionsOf,
  perturbationOptions,
  radius,
  requireLosses,
  type SharpnessRule,
  sub,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { largest } from './selection.js';

const kSamOptions = {
  rho: radius({ default: 0.05 }),
  share: number({
    above: 0,
    max: 1,
    default: 0.5,
    doc: 'Share of the examples that count: those of the largest loss',
  }),
  ...perturbationOptions,
};
const rwSamOptions = {
  rho: radius({ default: 0.05 }),
  tilt: number({
    min: 0,
    default: 1,
    unit: 'per loss unit',
    doc: 'Strength of the weights: an example counts more whose loss rises more',
  }),
  ...perturbationOptions,
};

/** Options of `kSam`. */
export interface KSamOptions extends OptionsOf<typeof kSamOptions>, DriverOptions {}
/** Options of `rwSam`. */
export interface RwSamOptions extends OptionsOf<typeof rwSamOptions>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'k-sam': VariantConfig<typeof kSamOptions>;
    'rw-sam': VariantConfig<typeof rwSamOptions>;
  }
}

/**
 * K-SAM: both gradients are of the examples with the largest losses alone.
 *
 *   S = the ⌊share · n⌋ examples with the largest ℓᵢ(θ);   δ = ρ g_S / ‖g_S‖;   direction = mean over S of ∇ℓᵢ(θ + δ)
 *
 * Needs the losses of the examples: a closure that returns them, [batch], or `exampleLoss(…)` in `model.compile`. Cost: one
 * extra gradient and one loss. The examples are weighed, not left out: their selection spares no time here.
 *
 * @throws RangeError when an option is out of its range; TypeError when a part is not of its kind. The step throws when the
 *   loss does not tell its examples'.
 * @see Ni et al. 2022, "K-SAM: Sharpness-Aware Minimization at the Speed of SGD", by its abstract.
 *   https://arxiv.org/abs/2210.12864
 */
export const kSam: Variant<KSamOptions> = defineVariant({
  name: 'k-sam',
  doc: 'SAM on the examples with the largest losses',
  use: 'Where only the examples of the largest losses should count; it spares no time here, since examples are weighed and not left out',
  source: 'Ni et al. 2022, arXiv 2210.12864',
  gradients: 2,
  options: kSamOptions,
  rule: ({ share, ...given }): SharpnessRule => {
    const perturb = composePerturbation({ ...given, name: 'k-sam' });
    return {
      name: 'k-sam',
      direction: (oracle) => {
        const losses = oracle.losses();
        const weights = largest(losses, share);
        const { gradient } = oracle.evaluate({ weights });
        const { gradient: direction } = oracle.evaluate({ perturbation: perturb(gradient, oracle), weights });
        return { loss: tf.mean(losses) as tf.Scalar, direction };
      },
    };
  },
});

/**
 * RW-SAM: examples count the more in the descent, the more the perturbation raises their loss.
 *
 *   δ = ρ g / ‖g‖;   direction = Σᵢ wᵢ ∇ℓᵢ(θ + δ),   w = softmax(t (ℓ(θ + δ) − ℓ(θ)))
 *
 * Weights in place of sampling by them: the same in expectation, without its noise. t = 0 is SAM. Needs the losses of the
 * examples: see `kSam`. Cost: one extra gradient and one loss.
 *
 * @throws RangeError when an option is out of its range; TypeError when a part is not of its kind. The step throws when the
 *   loss does not tell its examples'.
 */
export const rwSam: Variant<RwSamOptions> = defineVariant({
  name: 'rw-sam',
  doc: 'SAM that weighs examples by their sharpness',
  use: 'Where the examples that a perturbation hurts most should count most',
  gradients: 2,
  options: rwSamOptions,
  rule: ({ tilt, ...given }): SharpnessRule => {
    const perturb = composePerturbation({ ...given, name: 'rw-sam' });
    return {
      name: 'rw-sam',
      direction: (oracle) => {
        const { gradient, ...at } = oracle.evaluate();
        const before = requireLosses('rw-sam', at);
        const perturbation = perturb(gradient, oracle);
        const [rise] = sub([oracle.losses({ perturbation })], [before]) as [tf.Tensor1D];
        const weights = tf.softmax(tf.mul(tilt, rise)) as tf.Tensor1D;
        return { loss: at.loss, direction: oracle.evaluate({ perturbation, weights }).gradient };
      },
    };
  },
});
