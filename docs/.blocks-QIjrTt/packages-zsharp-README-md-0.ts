import * as tf from '@tensorflow/tfjs';
import { zsharp } from '@tfjs-sam/zsharp';

const optimizer = zsharp(tf.train.momentum(0.05, 0.9), { rho: 0.05, percentile: 0.95 });

export {};
