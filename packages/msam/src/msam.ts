import {
  compose,
  type DriverOptions,
  defineVariant,
  mongeMetric,
  mongeOptions,
  type OptionsOf,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = {
  rho: radius({ default: 0.05, doc: 'Radius ρ in the Monge metric' }),
  ...mongeOptions,
  ...strategyOptions,
};

/** Options of `msam`. */
export interface MsamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    msam: VariantConfig<typeof options>;
  }
}

/**
 * Monge SAM: SAM in the metric G = I + g gᵀ that the loss surface inherits from the space it is drawn in.
 *
 *   δ = ρ g / (‖g‖ √(1 + ‖g‖²));   direction = ∇L(θ + δ)
 *
 * Steep places are perturbed less, flat ones as by SAM. `iterations` and `neighbours` average the outer product: see
 * `mongeMetric`, also for what does not depend on the parametrisation. `metric` replaces them. Cost: one extra gradient,
 * and one per sampled neighbour.
 *
 * @throws RangeError when `rho` or an averaging option is out of its range; TypeError when a part is not of its kind.
 * @see Jacobsen and Arvanitidis 2025, "Monge SAM". https://arxiv.org/abs/2502.08448
 */
export const msam: Variant<MsamOptions> = defineVariant({
  name: 'msam',
  doc: 'Monge SAM: a ball in the metric that the loss surface induces on the weights',
  use: 'Where steep places should be perturbed less than flat ones: the step shrinks as the gradient grows',
  source: 'Jacobsen and Arvanitidis 2025, arXiv 2502.08448',
  gradients: ({ neighbours }) => 2 + (neighbours?.samples ?? 0),
  options,
  rule: ({ iterations, neighbours, metric, ...given }) =>
    compose({ ...given, metric: metric ?? mongeMetric({ iterations, neighbours }), name: 'msam' }),
});
