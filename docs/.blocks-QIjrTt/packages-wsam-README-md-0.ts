import * as tf from '@tensorflow/tfjs';
import { wsam } from '@tfjs-sam/wsam';

model.compile({
  optimizer: wsam(tf.train.momentum(0.05, 0.9), { rho: 0.05, gamma: 0.9 }),
  loss: 'categoricalCrossentropy',
});

export {};
