import * as tf from '@tensorflow/tfjs';
import { momentumSam } from '@tfjs-sam/momentum-sam';

const optimizer = momentumSam(tf.train.momentum(0.05, 0.9), { rho: 0.3 });

export {};
