import * as tf from '@tensorflow/tfjs';
import { stableSam } from '@tfjs-sam/stable-sam';

const optimizer = stableSam(tf.train.momentum(0.05, 0.9), { rho: 0.05 });

export {};
