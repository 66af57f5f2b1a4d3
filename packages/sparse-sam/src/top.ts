import * as tf from '@tensorflow/tfjs-core';
import { map, type ParamVector } from '@tfjs-sam/core';

/**
 * ⌊number⌋, at least 1: how many coordinates are kept. Truncated as the published code does, with the one that float64 loses
 * of a whole number (95 · (1 − 0.8) is 18).
 */
export function keepCount(number: number): number {
  return Math.max(1, Math.floor(number));
}

/** Number of entries of all tensors together. */
export function sizeOf(x: readonly tf.Tensor[]): number {
  return x.reduce((sum, { size }) => sum + size, 0);
}

/** Entries that are not finite become 0: a mask is a mask also in a step that overflows. */
function finite(x: tf.Tensor): tf.Tensor {
  return tf.where(tf.isFinite(x), x, tf.zerosLike(x));
}

/** 1 at the `keep` largest entries of a tensor of rank 1, else 0; exactly `keep`, ties going to the first. */
export function topOf(scores: tf.Tensor, keep: number): tf.Tensor {
  if (keep <= 0) return tf.zeros([scores.size]);
  if (keep >= scores.size) return tf.ones([scores.size]);
  return tf.tidy(() => {
    // Indices and no threshold: equal scores would pass a threshold together.
    const { indices } = tf.topk(finite(scores), keep, false);
    return tf.scatterND(tf.reshape(indices, [keep, 1]), tf.ones([keep]), [scores.size]);
  });
}

/** 1 at the `keep` largest entries of all tensors together, else 0; exactly `keep`. */
export function topMask(scores: ParamVector, keep: number): ParamVector {
  return tf.tidy(() => {
    const flat = tf.concat(scores.map((tensor) => tf.reshape(tensor, [tensor.size])));
    const parts = tf.split(
      topOf(flat, keep),
      scores.map(({ size }) => size),
    );
    return map(scores, ({ shape }, i) => tf.reshape(parts[i]!, shape));
  });
}
