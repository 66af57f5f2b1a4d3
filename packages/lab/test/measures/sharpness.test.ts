import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { mSharpness } from '../../src/measures/sharpness.js';
import type { Problem } from '../../src/trial/task.js';

it('is the rise of a loss that can be computed by hand, and leaves the weights as they were', async () => {
  await tf.setBackend('cpu');
  const before = tf.memory().numTensors;
  const weights = tf.tidy(() => tf.variable(tf.tensor1d([3, -4])));
  const unreached = tf.tidy(() => tf.variable(tf.scalar(7)));
  // a ‖w‖² / 2 rises by a (‖w‖ ρ + ρ² / 2) along its gradient: ‖w‖ = 5.
  const losses = [1, 2, 3].map((a) => () => tf.mul(a / 2, tf.sum(tf.square(weights))) as tf.Scalar);
  const problem = { variables: [weights, unreached], losses: () => losses } as unknown as Problem;
  const measure = mSharpness({ rho: 0.1, m: 8, examples: 24 });
  const found = await measure.measure({ problem, seed: 0, pause: async () => {} });
  const unit = 5 * 0.1 + 0.005;
  expect(found['m-sharpness']!.value).toBeCloseTo(2 * unit, 4);
  expect(found['m-sharpness']!.error).toBeCloseTo(unit / Math.sqrt(3), 4);
  expect([...weights.dataSync(), ...unreached.dataSync()]).toEqual([3, -4, 7]);
  tf.dispose([weights, unreached]);
  expect(tf.memory().numTensors).toBe(before);
});
