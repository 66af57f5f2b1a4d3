import * as tf from '@tensorflow/tfjs';
import { SampaTrainer } from '@tfjs-sam/parallel';
import { sampa } from '@tfjs-sam/sampa';

const trainer = await SampaTrainer.create({
  model: tf.sequential({ layers: [tf.layers.dense({ units: 10, inputShape: [784] })] }),
  loss: 'softmaxCrossEntropy',
  optimizer: sampa(tf.train.momentum(0.05, 0.9)),
});
await trainer.fit(xs, ys, { epochs: 10, batchSize: 128 });
await trainer.dispose();

export {};
