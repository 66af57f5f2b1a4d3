import * as tf from '@tensorflow/tfjs';
import { xsam } from '@tfjs-sam/xsam';

const optimizer = xsam(tf.train.momentum(0.05, 0.9), { rho: 0.15, searchEvery: 100 });

export {};
