import * as tf from '@tensorflow/tfjs';
import { sgd } from '@tfjs-sam/core';
import { useBackend } from '@tfjs-sam/testing';
import { beforeAll, expect, it } from 'vitest';
import { functionalSam } from '../src/index.js';

beforeAll(() => useBackend('cpu'));

it('descends along the perturbed Jacobian, with the slope of the loss as it is at θ', () => {
  // f = θ², ℓ = ½ Σ f²: the gradient is 2 θ³, the direction 2 (θ + δ) θ².
  const theta = tf.variable(tf.tensor1d([1, 2]));
  const steps: number[] = [];
  const parts = (step: number) => {
    steps.push(step);
    return {
      outputs: () => tf.square(theta),
      lossOf: (f: tf.Tensor) => tf.mul(0.5, tf.sum(tf.square(f))) as tf.Scalar,
    };
  };
  const optimizer = functionalSam(sgd({ learningRate: 1 }), { rho: 0.5, parts });
  const loss = () => parts(-1).lossOf(tf.square(theta));
  const { numTensors } = tf.memory();
  const cost = optimizer.minimize(loss, true, [theta])!;
  expect(cost.dataSync()[0]).toBe(8.5);
  cost.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
  const length = Math.hypot(2, 16);
  const expected = [1, 2].map((x) => x - 2 * (x + (0.5 * 2 * x ** 3) / length) * x ** 2);
  for (const [i, value] of expected.entries()) expect(theta.dataSync()[i]).toBeCloseTo(value, 5);
  expect(steps.filter((step) => step >= 0)).toEqual([0]);
  optimizer.dispose();
  theta.dispose();
});
