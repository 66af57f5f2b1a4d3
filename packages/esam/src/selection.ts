import * as tf from '@tensorflow/tfjs-core';

/** 1 at the ⌊share · batch⌋ largest scores of the examples (at least one), else 0; ties go to the first. */
export function largest(scores: tf.Tensor1D, share: number): tf.Tensor1D {
  // 1e-6 for what float64 loses of a whole number.
  const count = Math.max(1, Math.floor(scores.size * share + 1e-6));
  if (count >= scores.size) return tf.onesLike(scores);
  // Indices and no threshold: equal scores would pass a threshold together.
  const { indices } = tf.topk(scores, count, false);
  return tf.scatterND(tf.reshape(indices, [count, 1]), tf.ones([count]), [scores.size]) as tf.Tensor1D;
}
