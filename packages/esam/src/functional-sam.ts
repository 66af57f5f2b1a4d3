import * as tf from '@tensorflow/tfjs-core';
import {
  code,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  perturbationOptions,
  radius,
  type SharpnessRule,
  type Variant,
} from '@tfjs-sam/core';

/** The loss of a step in two parts: the network's outputs, and what the loss makes of them. */
export interface LossInParts {
  /** The outputs of the step's batch, at the weights as they are. */
  readonly outputs: () => tf.Tensor;
  /** The loss of such outputs, Scalar. */
  readonly lossOf: (outputs: tf.Tensor) => tf.Scalar;
}

const options = {
  rho: radius({ default: 0.05 }),
  parts: code<(step: number) => LossInParts>()({
    expected: 'a function (step) => { outputs, lossOf }',
    doc: 'The loss of the step’s own batch in two parts, which the closure of a loss does not show',
  }),
  ...perturbationOptions,
};

/** Options of `functionalSam`. */
export interface FunctionalSamOptions extends OptionsOf<typeof options>, DriverOptions {}

/**
 * Functional SAM: keeps what the perturbation does to the network's Jacobian, and not what it does to the loss of the
 * outputs.
 *
 *   δ = ρ g / ‖g‖;   direction = J(θ + δ)ᵀ ∂L/∂F(θ),   F the outputs, J their Jacobian
 *
 * Cost: one extra gradient and one pass for the outputs at θ.
 *
 * @throws RangeError when `rho` is negative or not finite; TypeError when `parts` is no function or a part not of its kind.
 * @see "Avoiding spurious sharpness minimization broadens applicability of SAM", ICML 2025.
 *   https://arxiv.org/abs/2502.02407
 */
export const functionalSam: Variant<FunctionalSamOptions> = defineVariant({
  name: 'functional-sam',
  doc: 'SAM through the network’s Jacobian alone',
  use: 'Where the network itself should become flat and not the loss of its outputs; made for language models',
  source: 'ICML 2025, arXiv 2502.02407',
  gradients: 2,
  options,
  rule: ({ parts, ...given }): SharpnessRule => {
    const perturb = composePerturbation({ ...given, name: 'functional-sam' });
    return {
      name: 'functional-sam',
      direction: (oracle) => {
        const { loss, gradient } = oracle.evaluate();
        const { outputs, lossOf } = parts(oracle.step);
        // Through the oracle: running statistics stay, dropout draws what it drew.
        const slope = tf.grad((at: tf.Tensor) => lossOf(at))(oracle.compute(outputs));
        const linear = () => tf.sum(tf.mul(outputs(), slope)) as tf.Scalar;
        const perturbation = perturb(gradient, oracle);
        return { loss, direction: oracle.evaluate({ perturbation, loss: linear }).gradient };
      },
    };
  },
});
