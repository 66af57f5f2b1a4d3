import * as tf from '@tensorflow/tfjs';
import { friendlySam } from '@tfjs-sam/friendly-sam';

model.compile({
  optimizer: friendlySam(tf.train.momentum(0.05, 0.9), { rho: 0.05, sigma: 1, lambda: 0.9 }),
  loss: 'categoricalCrossentropy',
});

export {};
