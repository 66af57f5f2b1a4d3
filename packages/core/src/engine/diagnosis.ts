import type * as tf from '@tensorflow/tfjs-core';

/** Explains what has thrown while a loss, or its gradient, was evaluated; an error that it does not know comes back. */
export type Diagnosis = (error: unknown, loss: () => tf.Scalar) => unknown;

const diagnoses = new Set<Diagnosis>();

/** Has errors of losses explained. Whoever explains says so itself, so that a bundle carries what it names alone. */
export function diagnoseBy(diagnosis: Diagnosis): void {
  diagnoses.add(diagnosis);
}

/** An error of a loss, explained where there is something to say. */
export function explained(error: unknown, loss: () => tf.Scalar): unknown {
  return [...diagnoses].reduce((told, diagnosis) => diagnosis(told, loss), error);
}

/** Runs what evaluates a loss; its errors are explained. */
export function explaining<T>(loss: () => tf.Scalar, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw explained(error, loss);
  }
}
