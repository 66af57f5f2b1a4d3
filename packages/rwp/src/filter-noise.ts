import * as tf from '@tensorflow/tfjs-core';
import { map, type ParamVector, runsAtHand, type Sampler } from '@tfjs-sam/core';

/**
 * Gaussian noise in proportion to the weights: of a kernel, each output's share has the standard deviation γ ‖its weights‖,
 * a vector γ ‖vector‖.
 */
export function filterNoise(
  variables: readonly tf.Variable[],
  gamma: number,
  sampler: Sampler,
  step: number,
  index: number,
): ParamVector {
  const draws = sampler(
    variables.map(({ shape }) => shape),
    step,
    index,
  );
  return map(draws, (draw, i) => tf.mul(draw, tf.mul(gamma, lengthOf(variables[i]!))));
}

/** Norms over all axes but the last, kept for broadcasting; of vectors and scalars the norm of all. */
function lengthOf(variable: tf.Variable): tf.Tensor {
  return tf.sqrt(summedByOutput(tf.square(variable), true));
}

/**
 * Sums over a kernel's axes but the last, kept for broadcasting; of vectors and scalars the sum of all, or with `vectors` false
 * none. Of independent runs each run's own.
 */
export function summedByOutput(x: tf.Tensor, vectors: boolean): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis).slice(runsAtHand() ? 1 : 0);
  if (axes.length < 2) return vectors ? tf.sum(x, axes, true) : tf.clone(x);
  return tf.sum(x, axes.slice(0, -1), true);
}
