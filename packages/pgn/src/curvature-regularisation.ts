import {
  type ConfigOf,
  definePart,
  elementwise,
  type GradientCombiner,
  number,
  type OptionsOf,
  type PartFunction,
  scale,
} from '@tfjs-sam/core';

/** The options of `curvatureRegularisation`. */
export const curvatureOptions = {
  gamma: number({ min: 0, default: 0.1, doc: 'Weight γ of the second difference, the curvature along δ' }),
  beta: number({ min: 0, default: 0.1, doc: 'Weight β of the first difference, the slope along δ' }),
};

/** Options of `curvatureRegularisation`. */
export interface CurvatureRegularisationOptions extends OptionsOf<typeof curvatureOptions> {}

/** g₊ + β (g₊ − g₋) + γ ((g₊ − g) + (g₋ − g)). */
const regularised = elementwise<'gradient' | 'perturbedGradient' | 'opposite' | 'beta' | 'gamma'>(
  (o, { gradient, perturbedGradient, opposite, beta, gamma }) => {
    const slope = o.mulAdd(beta, o.sub(perturbedGradient, opposite), perturbedGradient);
    const bend = o.add(o.sub(perturbedGradient, gradient), o.sub(opposite, gradient));
    return [o.mulAdd(gamma, bend, slope)];
  },
);

declare module '@tfjs-sam/core' {
  interface CombinerConfigs {
    'curvature-regularisation': ConfigOf<typeof curvatureOptions>;
  }
}

/**
 * Descends the perturbed loss together with its first and second differences along ±δ.
 *
 *   g₊ + γ (g₊ + g₋ − 2g) + β (g₊ − g₋),   g± = ∇L(θ ± δ)
 *
 * Cost: one gradient more than the rule that it joins.
 *
 * @throws RangeError when `gamma` or `beta` is negative or not finite.
 * @see Wu et al. 2024, "CR-SAM: Curvature Regularized Sharpness-Aware Minimization".
 *   https://arxiv.org/abs/2312.13555
 */
export const curvatureRegularisation: PartFunction<
  CurvatureRegularisationOptions,
  GradientCombiner,
  'combiner'
> = definePart({
  kind: 'combiner',
  name: 'curvature-regularisation',
  owner: 'curvatureRegularisation',
  doc: 'The perturbed gradient with first and second differences along the perturbation',
  source: 'Wu et al. 2024, arXiv 2312.13555',
  options: curvatureOptions,
  create: ({ gamma, beta }): GradientCombiner => ({
    name: 'curvature-regularisation',
    combine: ({ perturbedGradient, perturbation, oracle }) => {
      const { gradient } = oracle.evaluate();
      const { gradient: opposite } = oracle.evaluate({ perturbation: scale(-1, perturbation) });
      // Differences, which are exactly zero where the gradients are alike.
      return regularised({ gradient, perturbedGradient, opposite, beta, gamma })[0];
    },
  }),
});
