import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { msam } from '@tfjs-sam/msam';

await prepareBackend(); // in Node: WebAssembly with training kernels
const model = tf.sequential({
  layers: [tf.layers.dense({ units: 10, activation: 'softmax', inputShape: [64] })],
});
// before: optimizer: tf.train.momentum(0.05, 0.9)
model.compile({
  optimizer: msam(tf.train.momentum(0.05, 0.9), { rho: 0.05 }),
  loss: 'categoricalCrossentropy',
});
await model.fit(x, y, { epochs: 20 });

export {};
