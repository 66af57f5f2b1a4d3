import * as tf from '@tensorflow/tfjs';
import { lookbehindSam, multistepSam } from '@tfjs-sam/multistep-sam';

const optimizer = multistepSam(tf.train.momentum(0.05, 0.9), { rho: 0.05, steps: 2 });
const lookbehind = lookbehindSam(tf.train.momentum(0.05, 0.9), { rho: 0.5, k: 5, alpha: 0.5 });

export {};
