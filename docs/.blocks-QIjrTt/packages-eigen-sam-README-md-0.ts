import * as tf from '@tensorflow/tfjs';
import { eigenSam } from '@tfjs-sam/eigen-sam';

const optimizer = eigenSam(tf.train.momentum(0.05, 0.9), { rho: 0.05, alpha: 0.2, refreshEvery: 100 });

export {};
