import * as tf from '@tensorflow/tfjs-core';
import type { Golden, StoredTensor } from './golden.js';

/** A trajectory's model on TensorFlow.js: its variables, its buffers, its loss of a batch. */
export interface GoldenModel {
  /** Trainable variables in the file's order. */
  readonly variables: tf.Variable[];
  /** Moving statistics of batch normalisation. */
  readonly buffers: tf.Variable[];
  /** Logits of a batch, in training mode. */
  logits(batch: number): tf.Tensor2D;
  /** Labels of a batch, [batch], int32. */
  labels(batch: number): tf.Tensor1D;
  /** Mean cross entropy of a batch (or the toy function's value). */
  loss(batch: number): tf.Scalar;
  /** Mean cross entropy of logits of a batch. */
  lossOf(logits: tf.Tensor2D, batch: number): tf.Scalar;
  /** Cross entropy of each example of a batch, [batch]. */
  losses(batch: number): tf.Tensor1D;
  /** Cross entropy of one example of a batch, without label smoothing: what the published Fisher scores take. */
  exampleLoss(batch: number, example: number): tf.Scalar;
  dispose(): void;
}

let count = 0;

/** Builds a trajectory's model with its initial values. The caller disposes it. */
export function buildGoldenModel(
  golden: Pick<Golden, 'model' | 'data' | 'initial' | 'initial_buffers'>,
): GoldenModel {
  count += 1;
  const make = (entries: Readonly<Record<string, StoredTensor>>, trainable: boolean) =>
    Object.entries(entries).map(([name, { shape, values }]) =>
      tf.tidy(() => tf.variable(tf.tensor(values, shape), trainable, `golden${count}/${name}`)),
    );
  const variables = make(golden.initial, true);
  const buffers = make(golden.initial_buffers ?? {}, false);
  const batches = (golden.data.batches ?? []).map(({ x, labels }) => ({
    x: tf.tensor(x.values, x.shape),
    labels: tf.tensor1d(labels, 'int32'),
  }));
  const forward = (x: tf.Tensor) =>
    golden.model === 'mlp' ? mlp(x, variables) : convolutional(x, variables, buffers);
  const entropies = (logits: tf.Tensor2D, labels: tf.Tensor1D) =>
    crossEntropies(logits, labels, golden.data.label_smoothing ?? 0);
  const entropy = (logits: tf.Tensor2D, labels: tf.Tensor1D) =>
    tf.mean(entropies(logits, labels)) as tf.Scalar;
  return {
    variables,
    buffers,
    logits: (batch) => forward(batches[batch]!.x),
    labels: (batch) => batches[batch]!.labels,
    loss: (batch) =>
      golden.model === 'function2d'
        ? banana(variables[0]!)
        : entropy(forward(batches[batch]!.x), batches[batch]!.labels),
    lossOf: (logits, batch) => entropy(logits, batches[batch]!.labels),
    losses: (batch) => entropies(forward(batches[batch]!.x), batches[batch]!.labels),
    exampleLoss: (batch, example) => {
      const { x, labels } = batches[batch]!;
      return tf.mean(
        crossEntropies(forward(tf.slice(x, [example], [1])), tf.slice(labels, [example], [1]), 0),
      ) as tf.Scalar;
    },
    dispose: () => tf.dispose([variables, buffers, batches.map(({ x, labels }) => [x, labels])]),
  };
}

function mlp(x: tf.Tensor, variables: readonly tf.Variable[]): tf.Tensor2D {
  const [kernel1, bias1, kernel2, bias2] = variables as unknown as [
    tf.Tensor2D,
    tf.Tensor1D,
    tf.Tensor2D,
    tf.Tensor1D,
  ];
  const hidden = tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, kernel1), bias1));
  return tf.add(tf.matMul(hidden as tf.Tensor2D, kernel2), bias2);
}

function convolutional(
  x: tf.Tensor,
  variables: readonly tf.Variable[],
  buffers: readonly tf.Variable[],
): tf.Tensor2D {
  const [filter, gamma, beta, kernel, bias] = variables as unknown as [tf.Tensor4D, ...tf.Tensor1D[]];
  const convolved = tf.conv2d(x as tf.Tensor4D, filter, 1, 'same');
  const { mean, variance } = tf.moments(convolved, [0, 1, 2]);
  const move = (moving: tf.Variable, value: tf.Tensor) =>
    moving.assign(tf.add(tf.mul(moving, 0.9), tf.mul(value, 0.1)) as tf.Tensor);
  move(buffers[0]!, mean);
  move(buffers[1]!, variance);
  const scale = tf.div(gamma!, tf.sqrt(tf.add(variance, 1e-3)));
  const normalised = tf.relu(tf.add(tf.mul(tf.sub(convolved, mean), scale), beta!));
  return tf.add(
    tf.matMul(tf.mean(normalised, [1, 2]) as tf.Tensor2D, kernel as unknown as tf.Tensor2D),
    bias!,
  );
}

function crossEntropies(logits: tf.Tensor2D, labels: tf.Tensor1D, smoothing: number): tf.Tensor1D {
  const classes = logits.shape[1];
  const targets = tf.add(tf.mul(tf.oneHot(labels, classes), 1 - smoothing), smoothing / classes);
  return tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), -1)) as tf.Tensor1D;
}

/** (1 − x)² + 100 (y − x²)². */
function banana(theta: tf.Tensor): tf.Scalar {
  const [x, y] = [tf.slice1d(theta as tf.Tensor1D, 0, 1), tf.slice1d(theta as tf.Tensor1D, 1, 1)];
  const valley = tf.square(tf.sub(y, tf.square(x)));
  return tf.sum(tf.add(tf.square(tf.sub(1, x)), tf.mul(100, valley)));
}
