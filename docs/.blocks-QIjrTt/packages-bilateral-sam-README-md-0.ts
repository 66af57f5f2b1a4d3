import * as tf from '@tensorflow/tfjs';
import { linearDecay } from '@tfjs-sam/core';
import { bilateralSam } from '@tfjs-sam/bilateral-sam';

model.compile({
  optimizer: bilateralSam(tf.train.momentum(0.05, 0.9), {
    rhoMax: 0.05,
    rhoMin: linearDecay(0.1, 0.01, 5_000),
  }),
  loss: 'categoricalCrossentropy',
});

export {};
