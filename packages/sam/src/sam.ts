import {
  compose,
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = { rho: radius({ default: 0.05 }), ...strategyOptions };

/** Options of `sam`. */
export interface SamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    sam: VariantConfig<typeof options>;
  }
}

/**
 * Sharpness-aware minimization around any base optimizer: descends the gradient taken at the worst point of a
 * ball around the weights.
 *
 *   δ = ρ g / ‖g‖;   direction = ∇L(θ + δ)
 *
 * Cost: one extra gradient.
 *
 * @param base - The optimizer that consumes the direction, `tf.train.momentum(0.05, 0.9)` for instance.
 * @throws RangeError when `rho` is negative or not finite; TypeError when a part is not of its kind.
 * @see Foret et al. 2021, "Sharpness-Aware Minimization", equation 2 (δ), equation 3 (the direction) and
 *   algorithm 1. https://arxiv.org/abs/2010.01412
 */
export const sam: Variant<SamOptions> = defineVariant({
  name: 'sam',
  doc: 'Sharpness-aware minimization: the gradient at the worst point of a Euclidean ball',
  use: 'First: it is the method that all others are compared with',
  source: 'Foret et al. 2021, arXiv 2010.01412',
  gradients: 2,
  options,
  rule: (given) => compose({ ...given, name: 'sam' }),
});
