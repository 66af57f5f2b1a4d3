import * as tf from '@tensorflow/tfjs';
import { leSam } from '@tfjs-sam/adaptive-radius';

const optimizer = leSam(tf.train.momentum(0.05, 0.9), { budget: 0.02, rhoMax: 0.1 });

export {};
