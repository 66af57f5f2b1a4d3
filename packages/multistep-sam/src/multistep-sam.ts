import * as tf from '@tensorflow/tfjs-core';
import {
  type AscentStep,
  boolean,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  dot,
  euclideanMetric,
  type GradientOracle,
  integer,
  nonNegativeAt,
  type OptionsOf,
  type ParamVector,
  type PerturbationMetric,
  part,
  perturbationOptions,
  radius,
  requireOneRadius,
  type SharpnessRule,
  scale,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { type Ascended, ascents } from './ascents.js';

const options = {
  rho: radius({ default: 0.05, doc: "Radius ρ of each ascent in the metric's norm" }),
  steps: integer({ min: 1, default: 2, doc: 'Number n of ascents; 1 is plain SAM' }),
  project: boolean({
    default: false,
    doc: 'Keeps the whole displacement within the ball of radius ρ; else it may grow to n ρ',
  }),
  ...perturbationOptions,
  combine: part('combiner', { optional: 'the last gradient', doc: 'The direction that is descended' }),
};

/** Options of `multistepSam`. */
export interface MultistepSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'multistep-sam': VariantConfig<typeof options>;
  }
}

/**
 * Multi-step SAM: climbs n times, each time along the gradient of the point reached.
 *
 *   δ₀ = 0, δᵢ₊₁ = δᵢ + ρ gᵢ / ‖gᵢ‖, gᵢ = ∇L(θ + δᵢ);   direction = ∇L(θ + δₙ)
 *
 * Each ascent has the full length ρ, as in optax; with `project` the displacement is shortened to the ball of radius ρ after
 * each (the Euclidean one, of a whole ascent step). Cost: n extra gradients.
 *
 * @throws RangeError when `rho` is negative or not finite or `steps` no integer >= 1; TypeError when a part is not of its
 *   kind.
 * @see Foret et al. 2021, "Sharpness-Aware Minimization". https://arxiv.org/abs/2010.01412; optax, `contrib.sam`.
 */
export const multistepSam: Variant<MultistepSamOptions> = defineVariant({
  name: 'multistep-sam',
  doc: 'SAM with several ascents',
  use: 'Where the ascent should turn with the gradient on its way, and further gradients are affordable',
  source: 'Foret et al. 2021, arXiv 2010.01412; optax',
  gradients: ({ steps }) => steps + 1,
  options,
  rule: ({ steps, project, combine, ...given }): SharpnessRule => {
    const { metric = euclideanMetric(), rho } = given;
    const perturb = composePerturbation({ ...given, name: 'multistep-sam' });
    return {
      name: 'multistep-sam',
      direction: (oracle) => {
        const { loss, gradient } = oracle.evaluate();
        const limit = nonNegativeAt('multistep-sam', 'rho', rho, oracle.step);
        const bound = (displacement: ParamVector) => within(displacement, gradient, metric, limit, oracle);
        const climb = ascents(oracle, perturb, project ? bound : undefined);
        let reached: Ascended = climb.next().value;
        for (let i = 0; i < steps; i++) reached = climb.next().value;
        const { evaluation, displacement } = reached;
        const direction = combine?.combine({
          gradient,
          loss,
          perturbedGradient: evaluation.gradient,
          perturbedLoss: evaluation.loss,
          perturbation: displacement!,
          oracle,
        });
        return { loss, direction: direction ?? evaluation.gradient };
      },
    };
  },
});

/** The displacement, shortened to the metric's norm `limit` at θ where it is longer. */
function within(
  displacement: ParamVector,
  gradient: ParamVector,
  metric: PerturbationMetric | AscentStep,
  limit: number,
  oracle: GradientOracle,
): ParamVector {
  requireOneRadius('multistep-sam, project');
  // A whole ascent step has no norm: the Euclidean one stands in.
  const measured = 'at' in metric ? metric.at(gradient, oracle).apply(displacement) : displacement;
  const length = tf.sqrt(dot(displacement, measured));
  return scale(tf.minimum(1, tf.divNoNan(limit, length)), displacement);
}
