import {
  axpy,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  elementwise,
  euclideanMetric,
  materialise,
  number,
  type OptionsOf,
  perturbationOptions,
  radius,
  type SharpnessRule,
  twoPass,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = {
  rho: radius({ default: 0.05 }),
  alpha: number({ min: 0, default: 0.001, doc: 'Length α of the step against the ascent, in gradients' }),
  metric: perturbationOptions.metric,
};

const halfSum = elementwise<'gradient' | 'perturbedGradient'>((o, { gradient, perturbedGradient }) => [
  o.mul(0.5, o.add(gradient, perturbedGradient)),
]);

/** Options of `sagm`. */
export interface SagmOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    sagm: VariantConfig<typeof options>;
  }
}

/**
 * SAGM: sharpness-aware gradient matching, which lets the gradients at θ and beside it point the same way.
 *
 *   δ = ρ g / ‖g‖ − α g;   direction = (g + gₚ) / 2,   gₚ = ∇L(θ + δ)
 *
 * The displacement reverses where ‖g‖ > ρ/α: the second gradient is then taken below θ, as in the published code. With a
 * metric both terms follow it: δ = ascent step − α G⁻¹g (G = I for a whole ascent step). Cost: one extra gradient.
 *
 * @throws RangeError when `rho` or `alpha` is negative or not finite; TypeError when `metric` is no metric.
 * @see Wang et al. 2023, "Sharpness-Aware Gradient Matching for Domain Generalization".
 *   https://arxiv.org/abs/2303.10353
 */
export const sagm: Variant<SagmOptions> = defineVariant({
  name: 'sagm',
  doc: 'Lets the gradients at and beside the weights point the same way',
  use: 'For data whose source differs between training and use (domain generalisation), for which it was made',
  source: 'Wang et al. 2023, arXiv 2303.10353',
  gradients: 2,
  options,
  rule: ({ rho, alpha, metric = euclideanMetric() }): SharpnessRule => {
    const step = composePerturbation({ rho, metric, name: 'sagm' });
    return twoPass({
      name: 'sagm',
      perturb: (gradient, oracle) => {
        // A whole ascent step has no G⁻¹: the gradient itself is subtracted.
        const raised = 'at' in metric ? metric.at(gradient, oracle).solve(gradient) : gradient;
        return axpy(-alpha, raised, materialise(step(gradient, oracle)));
      },
      descend: ({ gradient, perturbedGradient }) => halfSum({ gradient, perturbedGradient })[0],
    });
  },
});
