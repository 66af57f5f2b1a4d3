import * as tf from '@tensorflow/tfjs';
import { esam } from '@tfjs-sam/esam';

const optimizer = esam(tf.train.momentum(0.05, 0.9), { rho: 0.05, beta: 0.6, gamma: 0.5 });

export {};
