import * as tf from '@tensorflow/tfjs';
import { lookSam } from '@tfjs-sam/look-sam';

model.compile({
  optimizer: lookSam(tf.train.momentum(0.05, 0.9), { rho: 0.05, k: 5, alpha: 0.7 }),
  loss: 'categoricalCrossentropy',
});

export {};
