import type { LayersModel } from '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { Evaluation } from '@tfjs-sam/core';
import { examplesOf, inManner } from './manner.js';
import type { Manner } from './protocol.js';

/** Loss and gradient, with gaps where the loss does not reach a variable; the loss alone where no more is asked for. */
export function gradientOf(
  variables: readonly tf.Variable[],
  { valueOnly }: Manner,
  loss: () => tf.Scalar,
): { loss: tf.Scalar; gradient: (tf.Tensor | undefined)[] } {
  if (valueOnly) return { loss: loss(), gradient: [] };
  const { value, grads } = tf.variableGrads(loss, [...variables]);
  return { loss: value, gradient: variables.map(({ name }) => grads[name]) };
}

/** A loss evaluated at other weights, on this thread; weights and running statistics are put back bit for bit. */
export function atWeights(
  model: LayersModel,
  weights: readonly tf.Tensor[],
  manner: Manner,
  loss: () => tf.Scalar,
): Evaluation {
  return tf.tidy(() => {
    const all = model.weights.map((weight) => weight.read() as tf.Variable);
    const trained = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const saved = all.map((variable) => tf.clone(variable));
    const examples = examplesOf(manner);
    try {
      for (const [i, variable] of trained.entries()) variable.assign(tf.clone(weights[i]!));
      const { loss: value, gradient } = gradientOf(trained, manner, () => inManner(manner, examples, loss));
      return {
        loss: value,
        gradient: gradient.map((entry, i) => entry ?? tf.zeros(trained[i]!.shape)),
        ...(examples.losses && { losses: tf.clone(examples.losses) }),
      };
    } finally {
      examples.losses?.dispose();
      for (const [i, variable] of all.entries()) variable.assign(saved[i]!);
    }
  });
}
