import * as tf from '@tensorflow/tfjs-core';
import {
  axpy,
  type Checked,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  type GradientOracle,
  learningRateOfRuns,
  map,
  mix,
  number,
  type OptionsOf,
  type ParamVector,
  type Perturbation,
  perturbationOptions,
  radius,
  type SharpnessRule,
  scale,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = {
  rho: radius({ default: 0.1 }),
  lambda: number({
    min: 0,
    max: 1,
    default: 0.2,
    unit: 'dimensionless',
    doc: 'Share λ of the auxiliary gradient in the direction',
  }),
  ...perturbationOptions,
};

/** Options of `sampa`. */
export interface SampaOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    sampa: VariantConfig<typeof options>;
  }
}

/** Gₜ = ∇L(yₜ), the gradient at the auxiliary point. */
const AUXILIARY = 'auxiliary-gradient';
/** Pₜ = ∇L(x̃ₜ), the gradient at the perturbed point, of the previous step's batch. */
const PERTURBED = 'perturbed-gradient';

/**
 * SAMPa: SAM whose two gradients do not wait for one another. The perturbation comes from the gradient at an
 * auxiliary point y, an extrapolation of the last step, in place of the gradient at the weights x.
 *
 *   x̃ₜ = xₜ + ρ Gₜ / ‖Gₜ‖,   yₜ₊₁ = xₜ − lr (Gₜ + [wd xₜ + μ v]),   Gₜ₊₁ = ∇Lₜ(yₜ₊₁)
 *   direction = (1 − λ) ∇Lₜ₋₁(x̃ₜ) + λ Gₜ₊₁;   the first step is a plain one: y₁ = x₀, direction = ∇L₀(x₀)
 *
 * Lₜ is the loss of batch t, v the base optimizer's momentum buffer and wd its coupled weight decay, which enter once
 * that buffer exists, as in the authors' code. ∇Lₜ(x̃ₜ₊₁) is evaluated at the end of step t, while its batch is there.
 * The loss that `minimize` reports is that at yₜ₊₁; batch normalisation moves by that evaluation.
 *
 * Cost: one extra gradient. `computeGradients` cannot evaluate after the update that its caller makes: the next call
 * then takes the gradient at x̃ₜ on its own batch.
 *
 * @throws RangeError when `rho` is negative or not finite or `lambda` outside [0, 1]; TypeError when a part is not of
 *   its kind. The step throws when the base optimizer has no learning rate.
 * @see Xie et al. 2024, "SAMPa: Sharpness-aware Minimization Parallelized", the rule SAMPa-λ.
 *   https://arxiv.org/abs/2410.10683
 */
export const sampa: Variant<SampaOptions> = defineVariant({
  name: 'sampa',
  doc: 'SAMPa: the perturbation comes from an auxiliary point, so that both gradients can run at once',
  use: 'On two cores or devices: its two gradients run at once (`SampaTrainer` of `@tfjs-sam/parallel`)',
  source: 'Xie et al. 2024, arXiv 2410.10683',
  gradients: 2,
  options,
  rule: sampaRule,
});

function sampaRule({ lambda, ...strategies }: Checked<typeof options>): SharpnessRule {
  const perturb = composePerturbation({ ...strategies, name: 'sampa' });
  /** ∇L(x + ρ G/‖G‖), of this step's batch. */
  const perturbedAt = (auxiliary: ParamVector, oracle: GradientOracle) =>
    oracle.evaluate({ perturbation: perturb(auxiliary, oracle) }).gradient;
  return {
    name: 'sampa',
    direction: (oracle) => {
      const { state } = oracle;
      const auxiliary = filled(state.getEach(AUXILIARY), oracle);
      if (auxiliary === undefined) return firstStep(oracle);
      const started = state.committed(AUXILIARY);
      const perturbed = state.getEach(PERTURBED);
      const { loss, gradient } = oracle.evaluate({ perturbation: extrapolation(auxiliary, started, oracle) });
      state.set(AUXILIARY, gradient);
      state.delete(PERTURBED);
      const stale = perturbed.every((entry) => entry === undefined);
      const climbed = stale
        ? perturbedAt(auxiliary, oracle)
        : perturbed.map((entry, i) => entry ?? gradient[i]!);
      const share = tf.mul(1 - lambda, started);
      return { loss, direction: mix(share, climbed, gradient) };
    },
    afterStep: (oracle) => {
      oracle.state.set(PERTURBED, perturbedAt(oracle.state.get(AUXILIARY)!, oracle));
    },
  };
}

/** A plain gradient step, y₁ = x₀, from which the auxiliary sequence starts. */
function firstStep(oracle: GradientOracle) {
  const { loss, gradient } = oracle.evaluate();
  oracle.state.set(AUXILIARY, gradient);
  return { loss, direction: gradient };
}

/** yₜ₊₁ − xₜ = −lr (Gₜ + [wd xₜ + μ v]). */
function extrapolation(
  auxiliary: ParamVector,
  started: tf.Tensor,
  { base, variables, learningRateFactors }: GradientOracle,
): Perturbation {
  const { learningRate, momentum, weightDecay } = base;
  if (!Number.isFinite(learningRate)) {
    throw new Error(`sampa: expected a base optimizer with a learningRate, got ${learningRate}`);
  }
  const buffer = base.momentumBuffer(variables);
  const pushed = buffer ? axpy(momentum, buffer, auxiliary) : auxiliary;
  const decayed = buffer && weightDecay > 0 ? axpy(weightDecay, variables, pushed) : pushed;
  const step = tf.mul(tf.mul(-learningRate, learningRateOfRuns()), started) as tf.Scalar;
  if (!learningRateFactors) return { scale: step, direction: decayed };
  return scale(
    step,
    map(decayed, (tensor, i) => tf.mul(tensor, learningRateFactors[i]!)),
  );
}

/** A vector with zeros for variables that joined since; undefined when no variable has an entry. */
function filled(
  entries: readonly (tf.Tensor | undefined)[],
  { variables }: GradientOracle,
): ParamVector | undefined {
  if (entries.every((entry) => entry === undefined)) return undefined;
  return map(variables, (variable, i) => entries[i] ?? tf.zerosLike(variable));
}
