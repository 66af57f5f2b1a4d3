import * as tf from '@tensorflow/tfjs';
import { layerwiseAsam } from '@tfjs-sam/layer-sam';

const optimizer = layerwiseAsam(tf.train.momentum(0.05, 0.9), { rho: 0.5 });

export {};
