import * as tf from '@tensorflow/tfjs-core';
import { type LossClosure, seededSampler } from '@tfjs-sam/core';

/** A small loss over random shapes whose gradient and curvature are of order one, some of it negative. */
export interface MetricProblem {
  readonly variables: tf.Variable[];
  /** The mean of the parts. */
  readonly loss: LossClosure;
  /** The losses of the four examples. */
  readonly parts: readonly LossClosure[];
  /** Outputs [examples, 2], as if of a network. */
  readonly outputs: () => tf.Tensor2D;
  dispose(): void;
}

const EXAMPLES = 4;
let count = 0;

/** All numbers of a list of tensors, as one vector. */
const flat = (tensors: readonly tf.Tensor[]): tf.Tensor =>
  tf.concat(tensors.map((tensor) => tf.reshape(tensor, [-1])));

/**
 * Makes a problem: Lₑ = scale · (⟨bₑ, θ⟩ + ½ ⟨cₑ, θ⟩² − ½ ⟨d, θ⟩² + Σ θ³/6) for each of four examples e.
 *
 * @param seed - Of the weights and all coefficients. The caller disposes the problem.
 */
export function metricProblem(shapes: readonly number[][], seed: number, scale = 1): MetricProblem {
  count += 1;
  const draw = (index: number) => seededSampler('gaussian', seed)(shapes, 0, index);
  const variables = tf.tidy(() =>
    draw(0).map((tensor, i) => tf.variable(tensor, true, `metric${count}/weight${i}`)),
  );
  // One product gives all inner products: columns are the slopes b, the rising directions c and the falling one, d.
  const columns = tf.tidy(() => {
    const each = [...Array.from({ length: 2 * EXAMPLES }, (_, index) => draw(2 + index)), draw(1)];
    return tf.stack(each.map(flat), 1) as tf.Tensor2D;
  });
  const along = () => tf.matMul(tf.reshape(flat(variables), [1, -1]), columns);
  const half = (x: tf.Tensor) => tf.mul(0.5, tf.square(x));
  const losses = () =>
    tf.tidy(() => {
      const [slope, rising, falling] = tf.split(along(), [EXAMPLES, EXAMPLES, 1], 1) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      const weights = flat(variables);
      const cubes = tf.sum(tf.mul(weights, tf.square(weights)));
      const curved = tf.sub(half(rising), half(falling));
      return tf.mul(scale, tf.add(tf.add(slope, curved), tf.div(cubes, 6)));
    });
  const part = (e: number) => () =>
    tf.tidy(() => tf.reshape(tf.slice(losses(), [0, e], [1, 1]), []) as tf.Scalar);
  return {
    variables,
    parts: Array.from({ length: EXAMPLES }, (_, e) => part(e)),
    loss: () => tf.tidy(() => tf.mean(losses()) as tf.Scalar),
    outputs: () =>
      tf.transpose(tf.reshape(tf.slice(along(), [0, 0], [1, 2 * EXAMPLES]), [2, EXAMPLES])) as tf.Tensor2D,
    dispose: () => tf.dispose([variables, columns]),
  };
}
