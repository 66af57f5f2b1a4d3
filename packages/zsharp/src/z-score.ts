import * as tf from '@tensorflow/tfjs-core';
import {
  type AscentDirection,
  type ConfigOf,
  definePart,
  map,
  number,
  type OptionsOf,
  type PartFunction,
  rowsOfRuns,
  shapeOfRun,
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
    (gradient) =>
      map(gradient, (tensor) =>
        shapeOfRun(tensor).length < 2 || tensor.size === 0
          ? tf.clone(tensor)
          : tf.reshape(outstanding(rowsOfRuns(tensor), percentile), tensor.shape),
      ),
});

/** Of a kernel of each run, [runs, entries]. */
function outstanding(gradient: tf.Tensor2D, percentile: number): tf.Tensor {
  const scores = absoluteScores(gradient);
  const kept = tf.greater(scores, ofRow(quantile(scores, percentile)));
  // A NaN has no score and stays: the step is to show it.
  return tf.where(tf.logicalOr(kept, tf.isNaN(gradient)), gradient, tf.zerosLike(gradient));
}

/** |z|, of entries divided by the largest one, so that no square overflows; 0 where all are alike. */
function absoluteScores(gradient: tf.Tensor2D): tf.Tensor2D {
  const unit = tf.divNoNan(gradient, ofRow(tf.max(tf.abs(gradient), 1, true)));
  const centred = tf.sub(unit, ofRow(tf.mean(unit, 1, true)));
  const squares = tf.sum(tf.square(centred), 1, true);
  const deviation = tf.sqrt(tf.div(squares, Math.max(gradient.shape[1] - 1, 1)));
  return tf.abs(tf.divNoNan(centred, ofRow(deviation))) as tf.Tensor2D;
}

/** A number of each row, [rows, 1], as a scalar where there is one row: on wasm a matrix and a scalar are four times as fast. */
const ofRow = (numbers: tf.Tensor): tf.Tensor => (numbers.size === 1 ? tf.reshape(numbers, []) : numbers);

/** The p-quantile of each row, [rows, 1], between the two neighbours in its order. */
function quantile(values: tf.Tensor2D, p: number): tf.Tensor {
  const [rows, size] = values.shape;
  const position = p * (size - 1);
  const below = Math.floor(position);
  const { values: sorted } = tf.topk(values, size - below);
  const entry = (place: number) => tf.slice(sorted, [0, Math.max(place, 0)], [rows, 1]);
  const [low, high] = [entry(size - below - 1), entry(size - below - 2)];
  return tf.add(low, tf.mul(position - below, tf.sub(high, low)));
}
