import type * as tf from '@tensorflow/tfjs-core';

/** The loss that an evaluation asks for: the one that the perturbation climbs, or the one that training descends. */
export type Objective = 'ascent' | 'descent';

/** A loss: returns a Scalar computed from the variables. It is told which objective is wanted and may ignore it. */
export type LossClosure = (objective?: Objective) => tf.Scalar;

/**
 * A `LossClosure`, or one that returns the losses of a batch's examples, [batch]: then the loss is their mean, and rules
 * can look at them and weigh them.
 */
export type AnyLossClosure = (objective?: Objective) => tf.Scalar | tf.Tensor1D;

let current: Objective = 'descent';

/**
 * The objective that is being evaluated right now: for a loss that is reached through `model.compile` and so
 * cannot be told. 'descent' outside a sharpness-aware step.
 */
export function currentObjective(): Objective {
  return current;
}

/** Runs `f` while `currentObjective()` gives `objective`; restores the previous one, also when `f` throws. */
export function withObjective<T>(objective: Objective, f: () => T): T {
  const previous = current;
  current = objective;
  try {
    return f();
  } finally {
    current = previous;
  }
}

/** A loss for each objective. */
type ByObjective<T> = { readonly [O in Objective]: () => T };

/**
 * Joins two losses into one closure for `optimizer.minimize`: the ascent objective is climbed by the
 * perturbation, the descent objective is what training minimises and reports.
 *
 * @example optimizer.minimize(byObjective({ ascent: () => surrogate(model.apply(x)), descent: () => crossEntropy(model.apply(x)) }))
 * @see Xie et al. 2024, "Improving SAM Requires Rethinking its Optimization Formulation". https://arxiv.org/abs/2407.12993
 */
export function byObjective(losses: ByObjective<tf.Scalar>): LossClosure;
export function byObjective(losses: ByObjective<tf.Tensor1D>): (objective?: Objective) => tf.Tensor1D;
export function byObjective<T>(losses: ByObjective<T>): (objective?: Objective) => T {
  return (objective = currentObjective()) => losses[objective]();
}
