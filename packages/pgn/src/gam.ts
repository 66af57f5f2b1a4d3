import * as tf from '@tensorflow/tfjs-core';
import {
  add,
  ascentStep,
  axpy,
  type DriverOptions,
  defineVariant,
  dot,
  elementwise,
  type InnerProduct,
  nonNegativeAt,
  norm,
  number,
  type OptionsOf,
  type ParamVector,
  radius,
  requireOneRadius,
  type SharpnessRule,
  scaleFinite,
  sub,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = {
  rho: radius({ default: 0.02, unit: 'weight units', doc: 'Radius ρ of the ascents along gradients' }),
  normRho: radius({
    default: 0.2,
    unit: 'weight units',
    doc: 'Radius of the ascent along the gradient of the norm',
  }),
  beta0: number({
    min: 0,
    max: 1,
    default: 0.5,
    doc: 'β₀: the norm ascent’s gradient has the weight 1 − β₀',
  }),
  beta1: number({
    min: 0,
    max: 1,
    default: 0.6,
    doc: 'Share β₁ of the perturbed gradient in the main direction',
  }),
  gamma: number({ min: 0, default: 0.03, doc: 'Weight γ of what is taken away across the main direction' }),
};

/** a x + b y. */
const weighted = elementwise<'a' | 'x' | 'b' | 'y'>((o, { a, x, b, y }) => [o.mulAdd(a, x, o.mul(b, y))]);

/** Options of `gam`. */
export interface GamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    gam: VariantConfig<typeof options>;
  }
}

/**
 * GAM: gradient norm aware minimization, which seeks minima whose neighbourhood has small gradients: flatness of the first
 * order. With N(v, r) = r v / ‖v‖:
 *
 *   g₁ = ∇L(θ + N(g, ρ)),   e = N(g₁ − g, ρ_norm),   g₂ = ∇L(θ + e),   g₃ = ∇L(θ + e + N(g₂, ρ))
 *   m = g + (1 − β₀) g₂,   k = β₁ g₁ + (1 − β₁) g₃;   direction = k − γ (m − ⟨m, k⟩ k / ‖k‖²)
 *
 * Cost: three extra gradients, the last of which needs the one before. Memory: four vectors of the weights' size.
 *
 * @throws RangeError when an option is out of its range.
 * @see Zhang et al. 2023, "Gradient Norm Aware Minimization Seeks First-Order Flatness and Improves Generalization".
 *   https://arxiv.org/abs/2303.03108
 */
export const gam: Variant<GamOptions> = defineVariant({
  name: 'gam',
  doc: 'Seeks minima whose neighbourhood has small gradients',
  use: 'Where flatness is wanted in a wide neighbourhood and four gradients a step are affordable',
  source: 'Zhang et al. 2023, arXiv 2303.03108',
  gradients: 4,
  options,
  rule: ({ rho, normRho, beta0, beta1, gamma }): SharpnessRule => ({
    name: 'gam',
    direction: (oracle) => {
      requireOneRadius('gam');
      const radius = nonNegativeAt('gam', 'rho', rho, oracle.step);
      const normRadius = nonNegativeAt('gam', 'normRho', normRho, oracle.step);
      const at = (perturbation: ParamVector) => oracle.evaluate({ perturbation }).gradient;
      const { loss, gradient } = oracle.evaluate();
      const perturbed = at(ofLength(gradient, radius));
      const risen = ofLength(sub(perturbed, gradient), normRadius);
      const atRisen = at(risen);
      const last = at(add(risen, ofLength(atRisen, radius)));
      const mixed = axpy(1 - beta0, atRisen, gradient);
      const main = weighted({ a: beta1, x: perturbed, b: 1 - beta1, y: last })[0];
      return { loss, direction: axpy(-gamma, across(mixed, main), main) };
    },
  }),
});

const identity: InnerProduct = { apply: (v) => v, solve: (v) => v, rankOneCoefficient: () => 0 };

/** r v / ‖v‖, zero where v is zero or not finite. */
function ofLength(vector: ParamVector, length: number): ParamVector {
  return ascentStep(identity, vector, length);
}

/** m − ⟨m, k⟩ k / ‖k‖², from unit vectors, whose products neither overflow nor underflow. */
function across(m: ParamVector, k: ParamVector): ParamVector {
  const [length, onto] = [norm(m), norm(k)];
  const unit = (vector: ParamVector, of: tf.Scalar) => scaleFinite(tf.divNoNan(1, of), vector);
  const cosine = dot(unit(m, length), unit(k, onto));
  return axpy(tf.neg(tf.mul(cosine, tf.divNoNan(length, onto))), k, m);
}
