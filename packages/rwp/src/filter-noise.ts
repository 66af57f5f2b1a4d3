import * as tf from '@tensorflow/tfjs-core';
import { map, type ParamVector, requireOneRun, type Sampler } from '@tfjs-sam/core';

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
  requireOneRun('filterNoise');
  const draws = sampler(
    variables.map(({ shape }) => shape),
    step,
    index,
  );
  return map(draws, (draw, i) => tf.mul(draw, tf.mul(gamma, lengthOf(variables[i]!))));
}

/** Norms over all axes but the last, kept for broadcasting; of vectors and scalars the norm of all. */
function lengthOf(variable: tf.Variable): tf.Tensor {
  if (variable.rank < 2) return tf.sqrt(tf.sum(tf.square(variable)));
  const axes = variable.shape.map((_, axis) => axis).slice(0, -1);
  return tf.sqrt(tf.sum(tf.square(variable), axes, true));
}
