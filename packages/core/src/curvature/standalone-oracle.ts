import * as tf from '@tensorflow/tfjs-core';
import { VariableSnapshot } from '../engine/snapshot.js';
import type { BaseView } from '../optimizers/base-view.js';
import type { AnyLossClosure } from '../oracle/objective.js';
import type { GradientOracle } from '../oracle/oracle.js';
import { StagedSlots, StagedState } from '../oracle/state.js';
import { StepOracle } from '../oracle/step-oracle.js';
import { trainable } from '../oracle/variables.js';

/** An oracle that belongs to no training step. */
export interface StandaloneOracle extends GradientOracle {
  /** Frees the kinks that frozen evaluations noted. Asked again, they note them again: a value more. */
  release(): void;
  /** Frees the loss and gradient at θ, and whatever was put in its state. */
  dispose(): void;
}

const noBase: BaseView = {
  learningRate: Number.NaN,
  momentum: 0,
  weightDecay: 0,
  momentumBuffer: () => undefined,
  firstMoment: () => undefined,
  secondMoment: () => undefined,
};

/**
 * An oracle for a loss outside training, to measure curvature or sharpness at the weights as they are now.
 *
 * Every evaluation sees the same random numbers (dropout masks), as does every oracle of the same step. Evaluates the loss
 * once, at θ. Neither this nor any later evaluation moves running statistics (batch norm's): the closure may be the
 * training loss, and a measure leaves no trace. After the weights have moved, make another. Cost: one gradient.
 *
 * @param closure - The loss, a Scalar, of fixed data: the same at every call. Of several, those of batches, the mean is
 *   taken, in the memory of one.
 * @param variables - What the gradient is taken with respect to. Default every trainable variable that the loss
 *   reaches.
 * @param step - The step number that random draws see, from 0. Default 0.
 * @returns The oracle. The caller disposes it.
 * @throws Error when there is nothing to differentiate by; whatever the closure throws.
 * @example
 * const oracle = makeOracle(() => loss(x, y), variables);
 * const product = hvp(oracle, direction);
 * oracle.dispose();
 */
export function makeOracle(
  closure: AnyLossClosure | readonly AnyLossClosure[],
  variables?: readonly tf.Variable[],
  step = 0,
): StandaloneOracle {
  const oracle = new StepOracle({
    owner: 'makeOracle',
    closures: typeof closure === 'function' ? [closure] : closure,
    variables: [...new Set(trainable('makeOracle', variables))],
    narrow: variables === undefined,
    stepOf: () => step,
    baseOf: () => noBase,
    randomSeed: 0,
  });
  const slots = new StagedSlots();
  const state = oracle.attach(new StagedState(slots, () => oracle.variables));
  const kept = evaluateUnnoticed(oracle);
  return Object.assign(oracle, {
    dispose: () => {
      oracle.forget();
      state.discard();
      oracle.end();
      tf.dispose(kept);
    },
  });
}

/** The first evaluation, whose running statistics are put back. @returns Its tensors, kept. */
function evaluateUnnoticed(oracle: StepOracle): tf.Tensor[] {
  const before = new VariableSnapshot();
  try {
    return tf.tidy(() => {
      const { loss, gradient, losses } = oracle.evaluate();
      return [loss, ...gradient, ...(losses ? [losses] : [])].map((tensor) => tf.keep(tensor));
    });
  } catch (error) {
    oracle.end();
    throw error;
  } finally {
    oracle.undo();
    before.restore();
    before.dispose();
  }
}
