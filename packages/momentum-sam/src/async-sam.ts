import {
  composePerturbation,
  type DriverOptions,
  defineVariant,
  map,
  type OptionsOf,
  perturbationOptions,
  radius,
  type SharpnessRule,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = { rho: radius({ default: 0.05 }), ...perturbationOptions };

/** Options of `asyncSam`. */
export interface AsyncSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'async-sam': VariantConfig<typeof options>;
  }
}

/** ∇Lₜ₋₁(θₜ₋₁), of the last step's batch. */
const PREVIOUS = 'async-sam-gradient';

/**
 * AsyncSAM: perturbs along the gradient of the step before, so that the two gradients of a step do not wait for one another.
 *
 *   δ = ρ gₜ₋₁ / ‖gₜ₋₁‖,   gₜ = ∇Lₜ(θₜ);   direction = ∇Lₜ(θₜ + δ)
 *
 * The first step is plain SAM's. Memory: one vector of the weights' size. Cost: one extra gradient, which could be
 * computed at the same time; here both are computed one after the other.
 *
 * @throws RangeError when `rho` is negative or not finite; TypeError when a part is not of its kind.
 * @see Jo et al. 2025, "Asynchronous Sharpness-Aware Minimization for Fast and Accurate Deep Learning".
 *   https://arxiv.org/abs/2503.11147
 */
export const asyncSam: Variant<AsyncSamOptions> = defineVariant({
  name: 'async-sam',
  doc: 'SAM whose perturbation comes from the step before',
  use: 'In experiments with gradients that do not wait for one another; here both are computed in turn',
  source: 'Jo et al. 2025, arXiv 2503.11147',
  gradients: 2,
  options,
  rule: (given): SharpnessRule => {
    const perturb = composePerturbation({ ...given, name: 'async-sam' });
    return {
      name: 'async-sam',
      direction: (oracle) => {
        const { loss, gradient } = oracle.evaluate();
        const previous = oracle.state.getEach(PREVIOUS);
        const climbed = map(gradient, (tensor, i) => previous[i] ?? tensor);
        oracle.state.set(PREVIOUS, gradient);
        const { gradient: direction } = oracle.evaluate({ perturbation: perturb(climbed, oracle) });
        return { loss, direction };
      },
    };
  },
});
