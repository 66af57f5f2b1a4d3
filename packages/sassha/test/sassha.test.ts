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
