import {
  add,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  perturbationOptions,
  radius,
  type SharpnessRule,
  sub,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = { rho: radius({ default: 0.05 }), ...perturbationOptions };

/** Options of `modalitySam`. */
export interface ModalitySamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'modality-sam': VariantConfig<typeof options>;
  }
}

/**
 * Modality-aware SAM: flattens the dominant modality's loss alone, while the others are descended where they are.
 *
 *   δ = ρ ∇L_d(θ) / ‖∇L_d(θ)‖;   direction = ∇L_d(θ + δ) + ∇L_s(θ),   L = L_d + L_s
 *
 * The closure gives L_d, the dominant modality's share of the loss, for the 'ascent' objective and the whole loss L for the
 * 'descent' objective: `byObjective({ ascent: dominant, descent: total })`; `modalityShares` gives shares by Shapley's values.
 * Where L_d is the whole loss, this is plain SAM. Not to be confused with Monge SAM (`msam`) and Momentum-SAM, which are called
 * M-SAM as well. Cost: two extra gradients.
 *
 * @throws RangeError when `rho` is negative or not finite; TypeError when a part is not of its kind.
 * @see Nowdeh et al. 2025, "Modality-Aware SAM: Sharpness-Aware-Minimization Driven Gradient Modulation for Harmonized
 *   Multimodal Learning", NeurIPS. https://arxiv.org/abs/2510.24919
 */
export const modalitySam: Variant<ModalitySamOptions> = defineVariant({
  name: 'modality-sam',
  doc: 'SAM of the dominant modality’s loss, the rest being descended where it is',
  use: 'For networks of several inputs, image and text say, one of which learns faster and hides the others',
  source: 'Nowdeh et al. 2025, arXiv 2510.24919',
  gradients: 3,
  options,
  rule: (given): SharpnessRule => {
    const perturb = composePerturbation({ ...given, name: 'modality-sam' });
    return {
      name: 'modality-sam',
      objective: 'ascent',
      direction: (oracle) => {
        const { loss, gradient } = oracle.evaluate();
        const { gradient: dominant } = oracle.evaluate({ objective: 'ascent' });
        const perturbation = perturb(dominant, oracle);
        const beside = oracle.evaluate({ objective: 'ascent', perturbation });
        return { loss, direction: add(gradient, sub(beside.gradient, dominant)) };
      },
    };
  },
});
