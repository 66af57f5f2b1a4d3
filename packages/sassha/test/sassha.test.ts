import * as tf from '@tensorflow/tfjs';
import { SharpnessAwareOptimizer } from '@tfjs-sam/core';
import { describeVariant } from '@tfjs-sam/testing';
import { expect, it } from 'vitest';
import { sassha } from '../src/index.js';
import { suites } from './suites.js';

for (const suite of suites) describeVariant({ ...suite, brief: true });

it('is made again from its configuration, with the learning rate of the moment', () => {
  const optimizer = sassha({ learningRate: 0.1, refreshEvery: 3, biasCorrection: 'refreshes' });
  const config = optimizer.getConfig();
  expect(config).toMatchObject({ variant: 'sassha', learningRate: 0.1, refreshEvery: 3, beta2: 0.999 });
  expect(config).not.toHaveProperty('base');
  const copy = SharpnessAwareOptimizer.fromConfig<SharpnessAwareOptimizer>(
    SharpnessAwareOptimizer as never,
    JSON.parse(JSON.stringify(config)),
  );
  expect(copy.getConfig()).toEqual(config);
  copy.setLearningRate(0.02);
  expect(copy.getConfig()).toMatchObject({ learningRate: 0.02 });
  optimizer.dispose();
  copy.dispose();
});

it('takes the curvature for one until an estimate counts, and counts no skipped step', () => {
  const optimizer = sassha({ learningRate: 0.1, rho: 0, onNonFinite: 'skip' });
  const x = tf.variable(tf.tensor1d([1, -2]));
  const slope = tf.tensor1d([3, 0.5]);
  const minimize = (factor: number) =>
    optimizer.minimize(() => tf.mul(factor, tf.sum(tf.mul(slope, x))), false, [x]);
  for (let i = 0; i < 4; i++) minimize(Number.NaN);
  expect([...x.dataSync()]).toEqual([1, -2]);
  minimize(1);
  const moved = [...x.dataSync()];
  for (const [i, want] of [1 - 0.1 * 3, -2 - 0.1 * 0.5].entries()) expect(moved[i]).toBeCloseTo(want, 3);
  tf.dispose([x, slope]);
  optimizer.dispose();
});
