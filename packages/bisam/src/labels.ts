import * as tf from '@tensorflow/tfjs-core';

/** True where labels are one row per example, as wide as the logits. */
function isWide(owner: string, labels: tf.Tensor, logits: tf.Tensor): boolean {
  const leading = logits.shape.slice(0, -1);
  if (logits.rank >= 1 && tf.util.arraysEqual(labels.shape, logits.shape)) return true;
  const sparse = [leading, [...leading, 1]].some((shape) => tf.util.arraysEqual(labels.shape, shape));
  if (logits.rank >= 1 && sparse) return false;
  throw new RangeError(
    `${owner}: expected labels of shape [${leading}] or [${logits.shape}] for logits of shape [${logits.shape}], got [${labels.shape}]`,
  );
}

function toOneHot(classes: tf.Tensor, logits: tf.Tensor): tf.Tensor {
  const indices = tf.reshape(tf.cast(classes, 'int32'), logits.shape.slice(0, -1));
  return tf.cast(tf.oneHot(indices, logits.shape.at(-1)!), 'float32');
}

/** One-hot rows of each example's class: the label, or the largest entry of a soft one. */
export function oneHotLabels(owner: string, labels: tf.Tensor, logits: tf.Tensor): tf.Tensor {
  return tf.tidy(() => toOneHot(isWide(owner, labels, logits) ? tf.argMax(labels, -1) : labels, logits));
}

/** (1 − s) label + s/classes, the targets of a smoothed cross entropy; soft labels stay soft. */
export function smoothedLabels(
  owner: string,
  labels: tf.Tensor,
  logits: tf.Tensor,
  smoothing: number,
): tf.Tensor {
  return tf.tidy(() => {
    const wide = isWide(owner, labels, logits) ? tf.cast(labels, 'float32') : toOneHot(labels, logits);
    return tf.add(tf.mul(wide, 1 - smoothing), smoothing / logits.shape.at(-1)!);
  });
}
