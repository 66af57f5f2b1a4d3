import {
  type ConfigOf,
  definePart,
  type GradientCombiner,
  mix,
  number,
  type OptionsOf,
  type PartFunction,
} from '@tfjs-sam/core';

/** The options of `gradientMix`. */
export const gradientMixOptions = {
  alpha: number({
    min: 0,
    default: 0.8,
    doc: 'Share α of the perturbed gradient, the penalty’s weight divided by ρ; 1 is SAM, 0 the base optimizer',
  }),
};

/** Options of `gradientMix`. */
export interface GradientMixOptions extends OptionsOf<typeof gradientMixOptions> {}

declare module '@tfjs-sam/core' {
  interface CombinerConfigs {
    'gradient-mix': ConfigOf<typeof gradientMixOptions>;
  }
}

/**
 * Mixes the gradients of both points: to first order that penalises the gradient's norm.
 *
 *   (1 − α) g + α gₚ,   α = λ/ρ for the penalty λ ‖g‖
 *
 * @throws RangeError when `alpha` is negative or not finite.
 * @see Zhao et al. 2022, "Penalizing Gradient Norm for Efficiently Improving Generalization in Deep Learning".
 *   https://arxiv.org/abs/2202.03599
 */
export const gradientMix: PartFunction<GradientMixOptions, GradientCombiner, 'combiner'> = definePart({
  kind: 'combiner',
  name: 'gradient-mix',
  owner: 'gradientMix',
  doc: 'A mixture of the gradients at and beside the weights',
  source: 'Zhao et al. 2022, arXiv 2202.03599',
  options: gradientMixOptions,
  create: ({ alpha }): GradientCombiner => ({
    name: 'gradient-mix',
    combine: ({ perturbedGradient, oracle }) => {
      const { gradient } = oracle.evaluate();
      // Of two that are alike exactly that.
      return alpha === 1 ? perturbedGradient : mix(alpha, perturbedGradient, gradient);
    },
  }),
});
