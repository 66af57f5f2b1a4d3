import * as tf from '@tensorflow/tfjs';
import { loadDigits } from '@tfjs-sam/datasets';
import { gsam } from 'tfjs-sam';

const { train } = loadDigits();
const model = tf.sequential({
  layers: [tf.layers.flatten({ inputShape: [8, 8, 1] }), tf.layers.dense({ units: 10 })],
});
const optimizer = gsam(tf.train.momentum(0.05, 0.9), { rho: 0.05 });

for (const { xs, ys } of train.batches({ batchSize: 64 })) {
  // The batch is taken before: each evaluation of the step must see the same one.
  optimizer.minimize(() => tf.losses.softmaxCrossEntropy(ys, model.apply(xs) as tf.Tensor) as tf.Scalar);
  tf.dispose([xs, ys]);
}

export {};
