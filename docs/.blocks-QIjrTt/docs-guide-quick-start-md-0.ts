import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { loadDigits } from '@tfjs-sam/datasets';
import { sam } from 'tfjs-sam';

await prepareBackend();
const { train, test } = loadDigits();

const model = tf.sequential({
  layers: [
    tf.layers.flatten({ inputShape: [8, 8, 1] }),
    tf.layers.dense({ units: 64, activation: 'relu' }),
    tf.layers.dense({ units: 10, activation: 'softmax' }),
  ],
});
model.compile({
  // before: optimizer: tf.train.momentum(0.05, 0.9)
  optimizer: sam(tf.train.momentum(0.05, 0.9), { rho: 0.05 }),
  loss: 'categoricalCrossentropy',
  metrics: ['accuracy'],
});

export {};
