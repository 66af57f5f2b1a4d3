import * as tf from '@tensorflow/tfjs';
import { aeSam } from '@tfjs-sam/ae-sam';

const optimizer = aeSam(tf.train.momentum(0.05, 0.9), { rho: 0.05, totalSteps: 10_000 });

export {};
