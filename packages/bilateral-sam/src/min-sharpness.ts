import * as tf from '@tensorflow/tfjs-core';
import {
  add,
  axpy,
  type ConfigOf,
  composePerturbation,
  definePart,
  type GradientCombiner,
  norm,
  type OptionsOf,
  type PartFunction,
  radius,
  scalePerturbation,
} from '@tfjs-sam/core';

/** ρ_min. */
export const descentRadius = radius({
  default: 0.05,
  unit: 'weight units',
  doc: 'Radius ρ_min of the descent to the lowest point',
});

const options = { rho: descentRadius };

/** Options of `minSharpness`. */
export interface MinSharpnessOptions extends OptionsOf<typeof options> {}

declare module '@tfjs-sam/core' {
  interface CombinerConfigs {
    'min-sharpness': ConfigOf<typeof options>;
  }
}

/**
 * Adds the min-sharpness L(θ) − min L(θ − ε) to what the perturbed gradient gₚ descends: the loss is asked to be flat
 * below as well as above.
 *
 *   gₚ + g − (‖gₚ‖ / ‖g_min‖) g_min,   g_min = ∇L(θ − ρ_min g / ‖g‖),   g = ∇L(θ)
 *
 * Where g_min is zero its term is left out. g is the descent objective's gradient at θ, free where the first pass
 * evaluated it. Cost: one gradient more than the rule that it joins.
 *
 * @throws RangeError when `rho` is negative or not finite; TypeError when it is neither number nor function.
 * @see Deng et al. 2024, "Bilateral Sharpness-Aware Minimization for Flatter Minima".
 *   https://arxiv.org/abs/2409.13173
 */
export const minSharpness: PartFunction<MinSharpnessOptions, GradientCombiner, 'combiner'> = definePart({
  kind: 'combiner',
  name: 'min-sharpness',
  owner: 'minSharpness',
  doc: 'Adds the min-sharpness to what is descended',
  source: 'Deng et al. 2024, arXiv 2409.13173',
  options,
  create: ({ rho }) => {
    const perturb = composePerturbation({ rho, name: 'minSharpness' });
    return {
      name: 'min-sharpness',
      combine: ({ perturbedGradient, oracle }) => {
        const { gradient } = oracle.evaluate();
        const { gradient: least } = oracle.evaluate({
          perturbation: scalePerturbation(-1, perturb(gradient, oracle)),
        });
        const ratio = tf.divNoNan(norm(perturbedGradient), norm(least));
        return axpy(tf.neg(ratio), least, add(perturbedGradient, gradient));
      },
    };
  },
});
