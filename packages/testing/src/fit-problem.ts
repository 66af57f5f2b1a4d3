import * as tf from '@tensorflow/tfjs';
import { exampleLoss } from '@tfjs-sam/core';
import { expect } from 'vitest';

/** A model with what makes sharpness-aware training hard: batch normalisation, dropout, metrics. */
function build(): tf.Sequential {
  const init = (seed: number) => tf.initializers.glorotUniform({ seed });
  return tf.sequential({
    layers: [
      tf.layers.dense({ units: 12, inputShape: [4], kernelInitializer: init(1) }),
      tf.layers.batchNormalization(),
      tf.layers.activation({ activation: 'relu' }),
      tf.layers.dropout({ rate: 0.1, seed: 3 }),
      tf.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: init(2) }),
    ],
  });
}

/** Enough for the count of tensors to show a trend after the first two. */
const EPOCHS = 5;

/**
 * Trains a small classifier by `model.fit` with an optimizer: the loss must fall, the accuracy be reported once,
 * and no epoch leave a tensor behind. With `examples` the loss tells those of its examples.
 */
export async function trainInFit(optimizerOf: () => tf.Optimizer, examples = false): Promise<void> {
  const x = tf.randomNormal([48, 4], 0, 1, 'float32', 5);
  const y = tf.tidy(() => tf.oneHot(tf.argMax(tf.slice(x, [0, 0], [48, 3]), 1), 3).toFloat());
  const model = build();
  const optimizer = optimizerOf();
  model.compile({
    optimizer,
    loss: examples ? exampleLoss(tf.metrics.categoricalCrossentropy) : 'categoricalCrossentropy',
    metrics: ['accuracy', 'mse'],
  });
  const counts: number[] = [];
  const history = await model.fit(x, y, {
    epochs: EPOCHS,
    batchSize: 16,
    shuffle: false,
    verbose: 0,
    callbacks: { onEpochEnd: async () => void counts.push(tf.memory().numTensors) },
  });
  const { loss, acc, mse } = history.history as Record<string, number[]>;
  expect(loss!.every(Number.isFinite)).toBe(true);
  expect(loss!.at(-1)).toBeLessThan(loss![0]!);
  expect(acc).toHaveLength(EPOCHS);
  expect(mse!.every(Number.isFinite)).toBe(true);
  // History keeps three scalars an epoch; everything else is steady from the second epoch on.
  const growth = counts.slice(2).map((count, i) => count - counts[i + 1]!);
  expect(growth.every((value) => value === growth[0] && value <= 3)).toBe(true);
  tf.dispose([x, y]);
  model.dispose();
  optimizer.dispose();
}
