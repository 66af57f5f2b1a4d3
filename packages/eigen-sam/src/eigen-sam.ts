import * as tf from '@tensorflow/tfjs-core';
import {
  ascentStep,
  axpy,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  dot,
  euclideanMetric,
  nonNegativeAt,
  norm,
  number,
  type OptionsOf,
  type ParamVector,
  perturbationOptions,
  radius,
  type SharpnessRule,
  scale,
  twoPass,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { powerOptions, topEigenvector } from './top-eigenvector.js';

const eigenOptions = {
  rho: radius({ default: 0.05, unit: 'weight units', doc: 'Radius ρ along the gradient' }),
  alpha: number({ min: 0, default: 0.2, doc: 'Share α of the eigenvector’s part across the gradient' }),
  ...powerOptions,
};
const explicitOptions = {
  rho: radius({ default: 0.05 }),
  alpha: number({ min: 0, max: 1, default: 1, doc: 'Share α of the eigenvector’s part that is taken away' }),
  ...powerOptions,
  ...perturbationOptions,
};

/** Options of `eigenSam`. */
export interface EigenSamOptions extends OptionsOf<typeof eigenOptions>, DriverOptions {}
/** Options of `explicitSam`. */
export interface ExplicitSamOptions extends OptionsOf<typeof explicitOptions>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'eigen-sam': VariantConfig<typeof eigenOptions>;
    'x-sam': VariantConfig<typeof explicitOptions>;
  }
}

/**
 * Eigen-SAM: turns the perturbation towards the direction of the Hessian's largest curvature.
 *
 *   h = g / ‖g‖;   δ = ρ (h + α sign⟨g, v⟩ (v − ⟨v, h⟩ h));   direction = ∇L(θ + δ)
 *
 * v is the Hessian's top eigenvector by a power iteration every `refreshEvery` steps; plain SAM before the first. ‖δ‖ exceeds
 * ρ by the turn. The Hessian is that of the loss as the closure computes it: with batch statistics where the model normalises
 * batches, where the published code switches it to evaluation for the products. Where the loss has kinks (ReLU, max pooling) Hessian-vector products are less reliable: see `hvp`. Memory:
 * one vector. Cost: one extra gradient, and two per product.
 *
 * @throws RangeError when an option is out of its range.
 * @see Luo et al. 2024, "Explicit Eigenvalue Regularization Improves Sharpness-Aware Minimization", NeurIPS.
 *   https://arxiv.org/abs/2501.12666
 */
export const eigenSam: Variant<EigenSamOptions> = defineVariant({
  name: 'eigen-sam',
  doc: 'Turns the perturbation towards the largest curvature',
  use: 'In experiments on curvature, where its estimate can be paid for and the network is smooth',
  source: 'Luo et al. 2024, arXiv 2501.12666',
  gradients: 2,
  options: eigenOptions,
  rule: ({ rho, alpha, ...power }): SharpnessRule => {
    const eigenvector = topEigenvector(power);
    return twoPass({
      name: 'eigen-sam',
      perturb: (gradient, oracle) => {
        const length = nonNegativeAt('eigen-sam', 'rho', rho, oracle.step);
        const plain = ascentStep(euclideanMetric().at(gradient, oracle), gradient, length);
        const v = eigenvector(oracle);
        return v ? turned(plain, gradient, v, alpha * length) : plain;
      },
    });
  },
});

/** δ + c sign⟨g, v⟩ (v − ⟨v, h⟩ h); δ alone where the gradient is zero. */
function turned(plain: ParamVector, gradient: ParamVector, v: ParamVector, c: number): ParamVector {
  const unit = scale(tf.divNoNan(1, norm(gradient)), gradient);
  const along = dot(unit, v);
  const across = axpy(tf.neg(along), unit, v);
  // The wasm backend's own Sign gives 0 for anything below 1e-7.
  return axpy(tf.mul(c, tf.divNoNan(along, tf.abs(along))), across, plain);
}

/**
 * X-SAM: explicit SAM, which descends along the perturbed gradient without its part along the largest curvature.
 *
 *   direction = u − α ⟨u, v⟩ v,   u = gₚ / ‖gₚ‖,   gₚ = ∇L(θ + ρ g / ‖g‖)
 *
 * v is the Hessian's top eigenvector by a power iteration every `refreshEvery` steps; u alone before the first. The direction
 * has the length 1 or less, whatever the gradient's: choose the learning rate for it. Not to be confused with XSAM (`xsam`),
 * which searches between two directions. Memory: one vector. Cost: one extra gradient, and two per product.
 *
 * @throws RangeError when an option is out of its range; TypeError when a part is not of its kind.
 * @see X-SAM 2026, https://arxiv.org/abs/2601.10251
 */
export const explicitSam: Variant<ExplicitSamOptions> = defineVariant({
  name: 'x-sam',
  doc: 'X-SAM: descends without the part along the largest curvature',
  use: 'In experiments on curvature, where its estimate can be paid for; choose the learning rate for directions of length 1',
  source: 'arXiv 2601.10251',
  gradients: 2,
  options: explicitOptions,
  rule: ({ alpha, rho, metric, filter, ascent, ...power }): SharpnessRule => {
    const eigenvector = topEigenvector(power);
    return twoPass({
      name: 'x-sam',
      perturb: composePerturbation({ rho, metric, filter, ascent, name: 'x-sam' }),
      descend: ({ perturbedGradient, oracle }) => {
        const unit = scale(tf.divNoNan(1, norm(perturbedGradient)), perturbedGradient);
        const v = eigenvector(oracle);
        return v ? axpy(tf.mul(-alpha, dot(unit, v)), v, unit) : unit;
      },
    });
  },
});
