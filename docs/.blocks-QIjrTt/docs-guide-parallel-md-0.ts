import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { loadDigits } from '@tfjs-sam/datasets';
import { SampaTrainer } from '@tfjs-sam/parallel';
import { sampa } from 'tfjs-sam';

await prepareBackend('wasm');
const { train } = loadDigits();
const model = tf.sequential({
  layers: [
    tf.layers.flatten({ inputShape: [8, 8, 1] }),
    tf.layers.dense({ units: 64, activation: 'relu' }),
    tf.layers.dense({ units: 10 }),
  ],
});
const trainer = await SampaTrainer.create({
  model,
  loss: 'softmaxCrossEntropy',
  optimizer: sampa(tf.train.momentum(0.05, 0.9), { rho: 0.1, lambda: 0.2 }),
});
await trainer.fit(train.images, train.labels, { epochs: 5, batchSize: 64 });
await trainer.dispose();

export {};
