import type * as tf from '@tensorflow/tfjs-core';

/** Which loss an evaluation asks for: the one that the perturbation climbs, or the one that training descends. */
export type Objective = 'ascent' | 'descent';

/** A loss: returns a Scalar computed from the variables. It is told which objective is wanted and may ignore it. */
export type LossClosure = (objective?: Objective) => tf.Scalar;

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

/**
 * Joins two losses into one closure for `optimizer.minimize`: the ascent objective is climbed by the
 * perturbation, the descent objective is what training minimises and reports.
 *
 * @example optimizer.minimize(byObjective({ ascent: () => surrogate(model.apply(x)), descent: () => crossEntropy(model.apply(x)) }))
 * @see Xie et al. 2024, "Improving SAM Requires Rethinking its Optimization Formulation". https://arxiv.org/abs/2407.12993
 */
export function byObjective(losses: {
  readonly ascent: () => tf.Scalar;
  readonly descent: () => tf.Scalar;
}): LossClosure {
  return (objective = currentObjective()) => losses[objective]();
}
