import {
  composePerturbation,
  type DriverOptions,
  defineVariant,
  euclideanMetric,
  materialise,
  type OptionsOf,
  perturbationOptions,
  radius,
  type SharpnessRule,
  scalePerturbation,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = {
  rho: radius({ default: 0.1, doc: "Radius ρ of the training loss's ascent in the metric's norm" }),
  validationRho: radius({
    default: 0.05,
    unit: 'weight units',
    doc: 'Length ρᵥ of the step that lowers the validation loss first',
  }),
  ...perturbationOptions,
};

/** Options of `agnosticSam`. */
export interface AgnosticSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'agnostic-sam': VariantConfig<typeof options>;
  }
}

/**
 * Agnostic-SAM: climbs the training loss from where a step on validation data has led, so that descending it lowers both.
 *
 *   gᵥ = ∇Lᵥ(θ);   y = θ − ρᵥ gᵥ / ‖gᵥ‖;   δ = ρ ∇L(y) / ‖∇L(y)‖;   direction = ∇L(θ + δ)
 *
 * Lᵥ, the loss of a batch of validation data, is the 'ascent' objective of the closure: `byObjective({ ascent: validation,
 * descent: training })`. ρᵥ = 0 is plain SAM. Our reading of the paper's abstract and method in words; its pseudocode was not
 * read. The loss that `minimize` reports is that of the training batch at θ + δ. Cost: two extra gradients.
 *
 * @throws RangeError when a radius is negative or not finite; TypeError when a part is not of its kind.
 * @see Nguyen et al. 2024, "Agnostic Sharpness-Aware Minimization". https://arxiv.org/abs/2406.07107
 */
export const agnosticSam: Variant<AgnosticSamOptions> = defineVariant({
  name: 'agnostic-sam',
  doc: 'SAM that climbs from where a step on validation data leads',
  use: 'Where some data can be held back and the perturbation should serve what generalises to it',
  source: 'Nguyen et al. 2024, arXiv 2406.07107',
  gradients: 3,
  options,
  rule: ({ validationRho, ...given }): SharpnessRule => {
    const perturb = composePerturbation({ ...given, name: 'agnostic-sam' });
    const step = composePerturbation({ rho: validationRho, metric: euclideanMetric(), name: 'agnostic-sam' });
    return {
      name: 'agnostic-sam',
      objective: 'ascent',
      direction: (oracle) => {
        const { gradient: validation } = oracle.evaluate({ objective: 'ascent' });
        const lowered = scalePerturbation(-1, step(validation, oracle));
        const { gradient } = oracle.evaluate({ perturbation: materialise(lowered) });
        const beside = oracle.evaluate({ perturbation: perturb(gradient, oracle) });
        return { loss: beside.loss, direction: beside.gradient };
      },
    };
  },
});
