import * as tf from '@tensorflow/tfjs';
import { maskedFraction, sparseSam } from '@tfjs-sam/sparse-sam';

const optimizer = sparseSam(tf.train.momentum(0.05, 0.9), { rho: 0.05, sparsity: 0.5, refreshEvery: 500 });
model.compile({ optimizer, loss: 'categoricalCrossentropy' });
await model.fit(x, y);
console.log(await maskedFraction(optimizer)); // 0.5

export {};
