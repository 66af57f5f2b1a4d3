import * as tf from '@tensorflow/tfjs';

export { build } from './plain-task.mjs';

/** One loss per example. */
export function loss(model, xs, ys) {
  const outputs = model.apply(xs, { training: true });
  return tf.losses.softmaxCrossEntropy(ys, outputs, undefined, 0, tf.Reduction.NONE);
}
