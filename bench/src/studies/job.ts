import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { sgd } from '@tfjs-sam/core';
import { digitPixels, permutation, seededRandom } from '@tfjs-sam/datasets';
import { softmaxCrossEntropy } from '@tfjs-sam/wasm-kernels';
import { msam, sam } from 'tfjs-sam';

/** A study's trainings, one after the other, as a loop of one's own does them. */
export interface StudiesJob {
  readonly seeds: number;
  readonly epochs: number;
}

/** Split of the default comparison: test, validation, training. */
const [testSize, validationSize] = [899, 180];
const batchSize = 32;
const rho = 0.1;

type Examples = readonly [xs: tf.Tensor, ys: tf.Tensor];

/** Read once: every read unpacks them. */
const digits = digitPixels();

/** Examples by their rows. */
function examples(rows: ArrayLike<number>): Examples {
  const { pixels, classes } = digits;
  const xs = new Float32Array(rows.length * 64);
  for (let i = 0; i < rows.length; i++)
    for (let k = 0; k < 64; k++) xs[64 * i + k] = pixels[64 * rows[i]! + k]! / 16;
  const labels = Int32Array.from(rows, (row) => classes[row]!);
  return [
    tf.tensor(xs, [rows.length, 8, 8, 1]),
    tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 10), 'float32'),
  ];
}

const models = {
  mlp: () => [
    tf.layers.flatten({ inputShape: [8, 8, 1] }),
    tf.layers.dense({ units: 128, activation: 'relu' }),
    tf.layers.dense({ units: 10 }),
  ],
  cnn: () => [
    tf.layers.conv2d({
      filters: 16,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      inputShape: [8, 8, 1],
    }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.conv2d({ filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.flatten(),
    tf.layers.dense({ units: 10 }),
  ],
};

/** Loss and accuracy, read as a loop of one's own reads them. */
function evaluated(model: tf.LayersModel, [xs, ys]: Examples): Float32Array {
  return tf.tidy(() => {
    const outputs = model.apply(xs) as tf.Tensor2D;
    const right = tf.mean(tf.cast(tf.equal(tf.argMax(outputs, 1), tf.argMax(ys, 1)), 'float32'));
    return tf.stack([softmaxCrossEntropy(ys, outputs, 'mean'), right]).dataSync() as Float32Array;
  });
}

async function training(
  kind: keyof typeof models,
  variant: 'sgd' | 'sam' | 'msam',
  seed: number,
  epochs: number,
) {
  const order = permutation(1797, seededRandom(seed));
  const parts = [order.subarray(0, testSize), order.subarray(testSize, testSize + validationSize)];
  const train = order.subarray(testSize + validationSize);
  const held = parts.map(examples);
  const model = tf.sequential({ layers: models[kind]() });
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const base = sgd({ learningRate: 0.05, momentum: 0.9 });
  const optimizer = variant === 'sgd' ? base : { sam, msam }[variant](base, { rho });
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rows = permutation(train.length, seededRandom(seed, epoch)).map((row) => train[row]!);
    for (let start = 0; start + batchSize <= rows.length; start += batchSize) {
      const [xs, ys] = examples(rows.subarray(start, start + batchSize));
      const loss = () => softmaxCrossEntropy(ys, model.apply(xs) as tf.Tensor2D, 'mean') as tf.Scalar;
      const cost = optimizer.minimize(loss, true, variables)!;
      await cost.data();
      tf.dispose([cost, xs, ys]);
    }
    for (const part of held) evaluated(model, part);
  }
  tf.dispose(held.flat() as tf.Tensor[]);
  optimizer.dispose();
  model.dispose();
}

/** Trains all of them in this process. */
export async function studiesJob({ seeds, epochs }: StudiesJob): Promise<null> {
  tf.enableProdMode();
  await prepareBackend({ backend: 'wasm', deterministic: true, log: () => {} });
  for (const kind of ['cnn', 'mlp'] as const)
    for (const variant of ['sgd', 'sam', 'msam'] as const)
      for (let seed = 0; seed < seeds; seed++) await training(kind, variant, seed, epochs);
  return null;
}
