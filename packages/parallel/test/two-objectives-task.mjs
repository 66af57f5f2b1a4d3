import * as tf from '@tensorflow/tfjs';
import { byObjective } from '@tfjs-sam/core';

export { build } from './plain-task.mjs';

/** Climbs squared outputs, descends the cross-entropy. */
export function loss(model, xs, ys) {
  const outputs = model.apply(xs, { training: true });
  return byObjective({
    ascent: () => tf.mean(tf.square(outputs)),
    descent: () => tf.losses.softmaxCrossEntropy(ys, outputs),
  })();
}
