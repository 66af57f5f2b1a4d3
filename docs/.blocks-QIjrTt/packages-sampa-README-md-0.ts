import * as tf from '@tensorflow/tfjs';
import { sampa } from '@tfjs-sam/sampa';

model.compile({
  optimizer: sampa(tf.train.momentum(0.05, 0.9), { rho: 0.1, lambda: 0.2 }),
  loss: 'categoricalCrossentropy',
});

export {};
