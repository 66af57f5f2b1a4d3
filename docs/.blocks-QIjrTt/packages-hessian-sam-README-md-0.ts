import * as tf from '@tensorflow/tfjs';
import { hessianSam } from '@tfjs-sam/hessian-sam';

const optimizer = hessianSam(tf.train.momentum(0.05, 0.9), { kind: 'low-rank', rank: 4, refreshEvery: 10 });
model.compile({ optimizer, loss: 'categoricalCrossentropy' });

export {};
