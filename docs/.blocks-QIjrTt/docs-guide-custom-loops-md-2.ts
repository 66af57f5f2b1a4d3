import * as tf from '@tensorflow/tfjs';
import { sgd } from '@tfjs-sam/core';
import { msam } from 'tfjs-sam';

const count = 61 * 61;
const starts = Array.from({ length: count }, (_, i) => [-2 + (i % 61) / 15, -1 + Math.floor(i / 61) / 15]);
const theta = tf.variable(tf.tensor2d(starts));
const loss = () => {
  const [x, y] = tf.split(theta, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
  const valley = tf.square(tf.sub(y, tf.square(x)));
  return tf.reshape(tf.add(tf.square(tf.sub(1, x)), tf.mul(100, valley)), [count]) as tf.Tensor1D;
};

const optimizer = msam(sgd({ learningRate: 1e-3, momentum: 0.9 }), { rho: 0.05, runs: { count } });
for (let step = 0; step < 100; step++) optimizer.minimize(loss, false, [theta]);

export {};
