import type { LayersModel } from '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { Evaluation } from '@tfjs-sam/core';

/** Loss and gradient of a model at other weights, on this thread; weights and running statistics are put back bit for bit. */
export function atWeights(
  model: LayersModel,
  weights: readonly tf.Tensor[],
  loss: () => tf.Scalar,
): Evaluation {
  return tf.tidy(() => {
    const all = model.weights.map((weight) => weight.read() as tf.Variable);
    const trained = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const saved = all.map((variable) => tf.clone(variable));
    try {
      for (const [i, variable] of trained.entries()) variable.assign(tf.clone(weights[i]!));
      const { value, grads } = tf.variableGrads(loss, trained);
      return { loss: value, gradient: trained.map(({ name, shape }) => grads[name] ?? tf.zeros(shape)) };
    } finally {
      for (const [i, variable] of all.entries()) variable.assign(saved[i]!);
    }
  });
}
