import * as tf from '@tensorflow/tfjs';
import { rwp } from '@tfjs-sam/rwp';

const optimizer = rwp(tf.train.momentum(0.05, 0.9), { gamma: 0.01 });

export {};
