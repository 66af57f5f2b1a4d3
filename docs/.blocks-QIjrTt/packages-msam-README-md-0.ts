import * as tf from '@tensorflow/tfjs';
import { msam } from '@tfjs-sam/msam';

model.compile({
  optimizer: msam(tf.train.momentum(0.05, 0.9), { rho: 0.05 }),
  loss: 'categoricalCrossentropy',
});

export {};
