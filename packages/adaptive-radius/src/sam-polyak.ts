import * as tf from '@tensorflow/tfjs-core';
import {
  compose,
  type DescentContext,
  type DriverOptions,
  defineVariant,
  dot,
  type GradientOracle,
  learningRateOfRuns,
  norm,
  number,
  type OptionsOf,
  type ParamVector,
  radius,
  scale,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const { combine: _, ...strategies } = strategyOptions;
const options = {
  rho: radius({ default: 0.05 }),
  lowerBound: number({ default: 0, unit: 'loss units', doc: 'Lower bound l* of the loss' }),
  ...strategies,
};

/** Options of `samPolyak`. */
export interface SamPolyakOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'sam-polyak': VariantConfig<typeof options>;
  }
}

/**
 * SAM with Polyak's step size: as long as the loss, linearised at θ + δ, needs to fall to its lower bound.
 *
 *   θ ← θ − min(s, lr) gₚ,   s = [L(θ + δ) − l* − ⟨gₚ, δ⟩]₊ / ‖gₚ‖²,   δ = ρ g / ‖g‖, gₚ = ∇L(θ + δ)
 *
 * The base optimizer's learning rate is the cap, so that it may be large; the base is plain SGD in the paper, and one with
 * momentum accumulates steps of these lengths. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite; TypeError when a part is not of its kind. The step throws when
 *   the base optimizer has no learning rate.
 * @see "SAM-Polyak", ICML 2026.
 */
export const samPolyak: Variant<SamPolyakOptions> = defineVariant({
  name: 'sam-polyak',
  doc: 'SAM with Polyak’s step size, capped by the learning rate',
  use: 'Where the lowest possible loss is known (0 for a network that can fit its data) and the learning rate is not',
  source: 'ICML 2026',
  gradients: 2,
  options,
  rule: ({ lowerBound, ...given }) =>
    compose({
      ...given,
      combine: { name: 'polyak', combine: (context) => polyakStep(context, lowerBound) },
      name: 'sam-polyak',
    }),
});

function polyakStep(context: DescentContext, lowerBound: number): ParamVector {
  const { perturbedGradient, perturbation, perturbedLoss, oracle } = context;
  const length = norm(perturbedGradient);
  // At most ρ times the length: it overflows no earlier than a gradient does.
  const unitDot = tf.divNoNan(dot(perturbedGradient, perturbation), length);
  // (L − l*)/‖gₚ‖ − ⟨gₚ/‖gₚ‖, δ⟩: the step's length, without a square that overflows.
  const needed = tf.sub(tf.divNoNan(tf.sub(perturbedLoss, lowerBound), length), unitDot);
  const step = tf.divNoNan(tf.relu(needed), length);
  return scale(
    tf.minimum(1, tf.divNoNan(step, tf.mul(learningRateOf(oracle), learningRateOfRuns()))),
    perturbedGradient,
  );
}

function learningRateOf({ base: { learningRate } }: GradientOracle): number {
  if (Number.isFinite(learningRate)) return learningRate;
  throw new Error(`sam-polyak: expected a base optimizer with a learningRate, got ${learningRate}`);
}
