import * as tf from '@tensorflow/tfjs';
import { fisherSam } from '@tfjs-sam/fisher-sam';

model.compile({
  optimizer: fisherSam(tf.train.momentum(0.05, 0.9), { rho: 0.1, eta: 1 }),
  loss: 'categoricalCrossentropy',
});

export {};
