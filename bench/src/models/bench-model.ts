import * as tf from '@tensorflow/tfjs';
import { seededSampler } from '@tfjs-sam/core';
import { softmaxCrossEntropy } from '@tfjs-sam/wasm-kernels';

/** A model with one fixed batch: what every table times. */
export interface BenchModel {
  readonly name: string;
  readonly variables: tf.Variable[];
  /** Loss of the batch, in training mode. */
  readonly loss: () => tf.Scalar;
  /** Losses of the batch's examples, `[batch]`. */
  readonly exampleLosses: () => tf.Tensor;
  /** Losses of equal parts of the batch; `parts` divides the batch. */
  readonly losses: (parts: number) => (() => tf.Scalar)[];
  readonly parameters: number;
  /** Inputs to logits `[batch, classes]`, in training mode. */
  readonly logits: (x: tf.Tensor) => tf.Tensor;
  /** The batch `[batch, …]` and its labels, one-hot `[batch, classes]`. */
  readonly batch: { readonly x: tf.Tensor; readonly y: tf.Tensor };
  /** Inputs to logits as a model of tfjs-layers, where it is one. */
  readonly layers?: tf.LayersModel;
}

/** What a model is made of. */
export interface ModelParts {
  readonly name: string;
  readonly variables: tf.Variable[];
  /** Shape of one example. */
  readonly example: readonly number[];
  readonly batch: number;
  /** Inputs to logits `[batch, classes]`, in training mode. */
  readonly logits: (x: tf.Tensor) => tf.Tensor;
}

export const classes = 10;

/**
 * Joins a model and a seeded batch of Gaussian inputs. The loss is the mean cross-entropy, which is one kernel where ours
 * are registered, and made of TensorFlow.js's own operations elsewhere.
 */
export function withBatch({ name, variables, example, batch, logits }: ModelParts): BenchModel {
  const [x] = seededSampler('gaussian', 1)([[batch, ...example]], 0, 0) as [tf.Tensor];
  const labels = Int32Array.from({ length: batch }, (_, i) => (i * 7) % classes);
  const y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), classes), 'float32'));
  const lossOf = (inputs: tf.Tensor, targets: tf.Tensor) => () =>
    softmaxCrossEntropy(targets, logits(inputs), 'mean') as tf.Scalar;
  return {
    name,
    variables,
    loss: lossOf(x, y),
    exampleLosses: () => softmaxCrossEntropy(y, logits(x), 'none'),
    losses: (parts) => {
      const targets = tf.split(y, parts);
      return tf.split(x, parts).map((part, i) => lossOf(part, targets[i]!));
    },
    logits,
    parameters: variables.reduce((sum, { size }) => sum + size, 0),
    batch: { x, y },
  };
}

/** The same from a model of tfjs-layers. */
export function layersModel(name: string, model: tf.LayersModel, batch: number): BenchModel {
  const parts = withBatch({
    name,
    batch,
    example: model.inputs[0]!.shape.slice(1) as number[],
    variables: model.trainableWeights.map((weight) => weight.read() as tf.Variable),
    logits: (x) => model.apply(x, { training: true }) as tf.Tensor,
  });
  return { ...parts, layers: model };
}
