import * as tf from '@tensorflow/tfjs-core';
import {
  type AscentDirection,
  type ConfigOf,
  definePart,
  map,
  number,
  type OptionsOf,
  type PartFunction,
  requireOneRun,
} from '@tfjs-sam/core';

/** The options of `zScore`. */
export const zScoreOptions = {
  percentile: number({
    min: 0,
    below: 1,
    default: 0.95,
    doc: 'Share p of each kernel’s entries that is left out: those whose |z| is no larger than this quantile',
  }),
};

/** Options of `zScore`. */
export interface ZScoreOptions extends OptionsOf<typeof zScoreOptions> {}

declare module '@tfjs-sam/core' {
  interface AscentConfigs {
    'z-score': ConfigOf<typeof zScoreOptions>;
  }
}

/**
 * The gradient's entries that stand out within their kernel, to climb along; vectors (biases, scales) stay whole.
 *
 *   keep g where |z| > quantile(|z|, p),   z = (g − mean g) / std g, per tensor of two or more axes
 *
 * The quantile interpolates linearly; std divides by n − 1. Cost: one `tf.topk` per kernel; it stays on the device except
 * on WebGL, where TensorFlow.js reads back for more than 128 kept entries.
 *
 * @throws RangeError when `percentile` is not in [0, 1).
 * @see ZSharp 2025, https://arxiv.org/abs/2505.02369
 */
export const zScore: PartFunction<ZScoreOptions, AscentDirection, 'ascent'> = definePart({
  kind: 'ascent',
  name: 'z-score',
  owner: 'zScore',
  doc: 'The gradient’s entries that stand out within their kernel',
  source: 'arXiv 2505.02369',
  options: zScoreOptions,
  create:
    ({ percentile }): AscentDirection =>
    (gradient) => {
      requireOneRun('zScore');
      return map(gradient, (tensor) =>
        tensor.rank < 2 || tensor.size === 0 ? tf.clone(tensor) : outstanding(tensor, percentile),
      );
    },
});

function outstanding(gradient: tf.Tensor, percentile: number): tf.Tensor {
  const scores = absoluteScores(gradient);
  const kept = tf.greater(scores, quantile(tf.reshape(scores, [scores.size]), percentile));
  // A NaN has no score and stays: the step is to show it.
  return tf.where(tf.logicalOr(kept, tf.isNaN(gradient)), gradient, tf.zerosLike(gradient));
}

/** |z|, of entries divided by the largest one, so that no square overflows; 0 where all are alike. */
function absoluteScores(gradient: tf.Tensor): tf.Tensor {
  const unit = tf.divNoNan(gradient, tf.max(tf.abs(gradient)));
  const centred = tf.sub(unit, tf.mean(unit));
  const deviation = tf.sqrt(tf.div(tf.sum(tf.square(centred)), Math.max(gradient.size - 1, 1)));
  return tf.abs(tf.divNoNan(centred, deviation));
}

/** The p-quantile of a vector, between the two neighbours in its order. */
function quantile(values: tf.Tensor, p: number): tf.Tensor {
  const position = p * (values.size - 1);
  const below = Math.floor(position);
  const { values: sorted } = tf.topk(values, values.size - below);
  const low = tf.slice(sorted, [sorted.size - 1], [1]);
  const high = tf.slice(sorted, [Math.max(sorted.size - 2, 0)], [1]);
  return tf.reshape(tf.add(low, tf.mul(position - below, tf.sub(high, low))), []);
}
