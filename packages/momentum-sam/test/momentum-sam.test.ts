import * as tf from '@tensorflow/tfjs';
import { lion, sgd } from '@tfjs-sam/core';
import { describeVariant, useBackend } from '@tfjs-sam/testing';
import { beforeAll, expect, it } from 'vitest';
import { momentumSam } from '../src/index.js';
import { suites } from './suites.js';

for (const suite of suites) describeVariant({ ...suite, brief: true });

beforeAll(() => useBackend('cpu'));

it.each<[string, () => tf.Optimizer, number[][]]>([
  ['a momentum', () => sgd({ learningRate: 0.1, momentum: 0.9 }), [[], []]],
  ['a momentum of TensorFlow.js', () => tf.train.momentum(0.1, 0.9), [[], []]],
  // There is a first moment from the first step on, and none before.
  ['a first moment', () => lion({ learningRate: 0.1 }), [[6, 8], []]],
  [
    'neither',
    () => sgd({ learningRate: 0.5 }),
    [
      [6, 8],
      [0, 0],
    ],
  ],
  [
    'neither, and decay',
    () => sgd({ learningRate: 0.5, weightDecay: 0.5 }),
    [
      [7.5, 10],
      [-1.875, -2.5],
    ],
  ],
])('remembers the gradient itself while the base has none: over %s', async (_, base, expected) => {
  const theta = tf.variable(tf.tensor1d([3, 4]));
  const optimizer = momentumSam(base(), { rho: 0 });
  for (const gradient of expected) {
    optimizer.minimize(() => tf.sum(tf.square(theta)) as tf.Scalar, false, [theta]);
    const own = (await optimizer.getWeights()).filter(({ name }) => name.startsWith('rule/'));
    expect(own.flatMap(({ tensor }) => [...tensor.dataSync()])).toEqual(gradient);
  }
  optimizer.dispose();
  theta.dispose();
});

it('searches for what a loss reaches once, also where one variable took the place of another', () => {
  const trained = tf.variable(tf.tensor1d([1, -2]));
  const optimizer = momentumSam(sgd({ learningRate: 0.1, momentum: 0.9 }), { checkLoss: false });
  /** Evaluations of the last of some steps, with another variable about. */
  const evaluations = (steps: number) => {
    const bystander = tf.variable(tf.scalar(1));
    let count = 0;
    for (let i = 0; i < steps; i++) {
      count = 0;
      optimizer.minimize(() => {
        count += 1;
        return tf.sum(tf.square(trained)) as tf.Scalar;
      });
    }
    bystander.dispose();
    return count;
  };
  const usual = evaluations(3);
  expect(evaluations(3)).toBe(usual);
  trained.dispose();
  optimizer.dispose();
});
