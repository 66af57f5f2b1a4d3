import * as tf from '@tensorflow/tfjs';
import { loadDigits } from '@tfjs-sam/datasets';

const { train, test, dispose } = loadDigits({ seed: 1, testFraction: 0.2 });
const model = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [8, 8, 1] })] });
model.add(tf.layers.dense({ units: 10, activation: 'softmax' }));
model.compile({
  optimizer: tf.train.momentum(0.05, 0.9),
  loss: 'categoricalCrossentropy',
  metrics: ['accuracy'],
});

await model.fitDataset(train.dataset({ batchSize: 32, seed: 1 }), { epochs: 2, verbose: 0 });

for (const { xs, ys } of test.batches({ batchSize: 64, shuffle: false })) {
  // a loop of your own: each batch is yours, dispose it
  tf.dispose([xs, ys]);
}
dispose();

export {};
