import type * as tf from '@tensorflow/tfjs-core';
import { viewBase } from './base-view.js';

/** Looks at a learning rate before its step: a schedule that is out of its range there fails at the step, not here. */
export function aheadOfStep(look: () => void): void {
  try {
    look();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}

/** Changes the learning rate of any optimizer that has one; TensorFlow.js's own declare theirs as protected. */
export function setLearningRate(optimizer: tf.Optimizer, value: number): void {
  if (viewBase(optimizer).learningRate !== value) replaceLearningRate(optimizer, value);
}

/** As `setLearningRate`, also where a schedule of the optimizer's own has the very value now. */
export function replaceLearningRate(optimizer: tf.Optimizer, value: number): void {
  const target = optimizer as unknown as { setLearningRate?(value: number): void; learningRate: number };
  // TensorFlow.js's SGD and momentum keep the rate in a tensor as well.
  if (typeof target.setLearningRate === 'function') target.setLearningRate(value);
  else target.learningRate = value;
}

/** Throws a TypeError unless the optimizer has a learning rate to read and to set. */
export function requireLearningRate(owner: string, optimizer: tf.Optimizer): void {
  let learningRate = 0;
  aheadOfStep(() => {
    learningRate = viewBase(optimizer).learningRate;
  });
  if (Number.isFinite(learningRate)) return;
  throw new TypeError(`${owner}: expected base to have a learningRate, a number, got ${learningRate}`);
}
