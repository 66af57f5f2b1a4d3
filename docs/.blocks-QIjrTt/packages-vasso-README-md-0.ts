import * as tf from '@tensorflow/tfjs';
import { vasso } from '@tfjs-sam/vasso';

const optimizer = vasso(tf.train.momentum(0.05, 0.9), { rho: 0.05, theta: 0.4 });

export {};
