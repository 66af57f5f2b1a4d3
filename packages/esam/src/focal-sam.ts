import * as tf from '@tensorflow/tfjs-core';
import {
  axpy,
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

const options = {
  rho: radius({ default: 0.05 }),
  lambda: number({ min: 0, default: 0.8, doc: 'Weight λ of the focal sharpness (ours: the paper tunes it)' }),
  gamma: number({ min: 0, default: 0.8, doc: 'Focus γ: how much less a well-fitted example counts (ours)' }),
  ...perturbationOptions,
};

/** Options of `focalSam`. */
export interface FocalSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'focal-sam': VariantConfig<typeof options>;
  }
}

/**
 * Focal-SAM: minimises the loss and, beside it, the sharpness of the examples that are fitted badly.
 *
 *   L^γ = mean of wᵢ ℓᵢ,   wᵢ = (1 − e^{−ℓᵢ(θ)})^γ, held fixed;   δ = ρ ∇L^γ(θ) / ‖∇L^γ(θ)‖
 *   direction = ∇(L − λ L^γ)(θ) + λ ∇L^γ(θ + δ)
 *
 * e^{−ℓ} is the probability of the right class where ℓ is a cross entropy. γ = 0 is WSAM's coupled form. Needs the losses of
 * the examples: a closure that returns them, [batch], or `exampleLoss(…)` in `model.compile`. Cost: two extra gradients.
 *
 * @throws RangeError when an option is out of its range; TypeError when a part is not of its kind. The step throws when the
 *   loss does not tell its examples'.
 * @see "Focal-SAM: Focal Sharpness-Aware Minimization for Long-Tailed Classification", ICML 2025.
 */
export const focalSam: Variant<FocalSamOptions> = defineVariant({
  name: 'focal-sam',
  doc: 'Adds the sharpness of the examples that are fitted badly',
  use: 'For classes of very different frequency, for which it was made',
  source: 'ICML 2025',
  gradients: 3,
  options,
  rule: ({ lambda, gamma, ...given }): SharpnessRule => {
    const perturb = composePerturbation({ ...given, name: 'focal-sam' });
    return {
      name: 'focal-sam',
      direction: (oracle) => {
        const { gradient, ...at } = oracle.evaluate();
        const losses = requireLosses('focal-sam', at);
        const weights = tf.pow(tf.sub(1, tf.exp(tf.neg(losses))), gamma) as tf.Tensor1D;
        const focal = oracle.evaluate({ weights }).gradient;
        const { gradient: beside } = oracle.evaluate({ perturbation: perturb(focal, oracle), weights });
        // The weighted mean divides by Σ wᵢ, L^γ by the number of examples.
        const share = tf.mul(lambda, tf.mean(weights));
        return { loss: at.loss, direction: axpy(share, sub(beside, focal), gradient) };
      },
    };
  },
});
