import * as tf from '@tensorflow/tfjs-core';
import {
  type ConfigOf,
  definePart,
  dot,
  elementwise,
  type GradientCombiner,
  norm,
  number,
  type OptionsOf,
  type PartFunction,
  scaleFinite,
  sub,
} from '@tfjs-sam/core';

export const surrogateGapOptions = {
  alpha: number({
    min: 0,
    default: 0.4,
    unit: 'dimensionless',
    doc: 'Weight α of the surrogate gap; 0 is SAM',
  }),
};

/** Options of `surrogateGap`. */
export interface SurrogateGapOptions extends OptionsOf<typeof surrogateGapOptions> {}

declare module '@tfjs-sam/core' {
  interface CombinerConfigs {
    gsam: ConfigOf<typeof surrogateGapOptions>;
  }
}

/** gₚ − α (d − ⟨d, u⟩ u). */
const withoutPartAcross = elementwise<'d' | 'u' | 'along' | 'perturbedGradient' | 'alpha'>(
  (o, { d, u, along, perturbedGradient, alpha }) => [
    o.sub(perturbedGradient, o.mul(alpha, o.sub(d, o.mul(along, u)))),
  ],
);

/**
 * Descends the perturbed loss and the surrogate gap h = L(θ + δ) − L(θ) together, without letting the one slow the
 * other: only the part of g across gₚ is taken away.
 *
 *   gₚ − α g⊥,   g⊥ = g − ⟨g, gₚ⟩ gₚ / ‖gₚ‖²,   g = ∇L(θ), gₚ = ∇L(θ + δ)
 *
 * g is the descent objective's gradient, also where the perturbation climbs another objective; asking for it then
 * costs one gradient more. Gradients of any finite size are safe.
 *
 * @throws RangeError when `alpha` is negative or not finite.
 * @see Zhuang et al. 2022, "Surrogate Gap Minimization Improves Sharpness-Aware Training", algorithm 1.
 *   https://arxiv.org/abs/2203.08065
 */
export const surrogateGap: PartFunction<SurrogateGapOptions, GradientCombiner, 'combiner'> = definePart({
  kind: 'combiner',
  name: 'gsam',
  owner: 'surrogateGap',
  doc: 'Descends the perturbed loss, and across it the surrogate gap',
  source: 'Zhuang et al. 2022, arXiv 2203.08065',
  options: surrogateGapOptions,
  create: ({ alpha }) => ({
    name: 'gsam',
    combine: ({ perturbedGradient, oracle }) => {
      const { gradient } = oracle.evaluate();
      // g⊥ = d − ⟨d, u⟩ u with d = g − gₚ and u = gₚ/‖gₚ‖: exactly zero where the two gradients are one.
      const d = sub(gradient, perturbedGradient);
      const inverse = tf.divNoNan(1, norm(perturbedGradient));
      const u = scaleFinite(inverse, perturbedGradient);
      const [direction] = withoutPartAcross({ d, u, along: dot(d, u), perturbedGradient, alpha });
      return direction;
    },
  }),
});
