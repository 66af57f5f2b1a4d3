import * as tf from '@tensorflow/tfjs-core';
import { definePart, type GradientCombiner, norm, type PartFunction, scale } from '@tfjs-sam/core';

declare module '@tfjs-sam/core' {
  interface CombinerConfigs {
    'original-length': Record<never, never>;
  }
}

/**
 * Descends along the perturbed gradient with the length of the one at θ: SAM turns the step and does not lengthen it.
 *
 *   gₚ ‖g‖ / ‖gₚ‖,   g = ∇L(θ), gₚ = ∇L(θ + δ)
 *
 * Zero where gₚ is zero.
 *
 * @see Tan et al. 2025, "Stabilizing Sharpness-aware Minimization Through A Simple Renormalization Strategy", JMLR.
 *   https://arxiv.org/abs/2401.07250
 */
export const originalLength: PartFunction<Record<never, never>, GradientCombiner, 'combiner'> = definePart({
  kind: 'combiner',
  name: 'original-length',
  owner: 'originalLength',
  doc: 'The perturbed gradient with the length of the one at the weights',
  source: 'Tan et al. 2025, arXiv 2401.07250',
  options: {},
  create: (): GradientCombiner => ({
    name: 'original-length',
    combine: ({ perturbedGradient, oracle }) => {
      const { gradient } = oracle.evaluate();
      return scale(tf.divNoNan(norm(gradient), norm(perturbedGradient)), perturbedGradient);
    },
  }),
});
