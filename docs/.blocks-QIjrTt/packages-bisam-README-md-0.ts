import * as tf from '@tensorflow/tfjs';
import { bisam, bisamLoss } from '@tfjs-sam/bisam';

const optimizer = bisam(tf.train.momentum(0.05, 0.9), {
  rho: 0.1,
  lowerBound: { kind: 'tanh', mu: 10, alpha: 0.1 },
});
model.compile({ optimizer, loss: bisamLoss({ labelSmoothing: 0.1 }) }); // a softmax model; else fromLogits: true

export {};
