import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { namedMeasures } from '../../src/measures/named.js';
import { mSharpness } from '../../src/measures/sharpness.js';
import { completePart } from '../../src/parts/configurations.js';
import { loadRegistry } from '../../src/parts/load.js';
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

it('of a study that asks for it twice has two columns, which say by what they differ', async () => {
  const registry = await loadRegistry();
  const complete = (config: object) => completePart(registry, 'measure', config as never);
  const measures = namedMeasures(registry, [
    complete({ name: 'worst-case', rho: 0.5 }),
    complete({ name: 'worst-case', rho: 0.5, metric: 'elementwise' }),
    complete({ name: 'worst-case', rho: 0.5, metric: { name: 'monge' } }),
    complete({ name: 'worst-case', rho: 0.5, metric: 'infinity' }),
    complete({ name: 'worst-case', rho: 0.5, metric: 'infinity' }),
    complete({ name: 'average-case' }),
    complete({ name: 'm-sharpness', rho: 0.1 }),
    complete({ name: 'm-sharpness', rho: 0.2 }),
  ]);
  const heads = measures.flatMap(({ columns }) => columns);
  expect(heads.map(({ name }) => name)).toEqual([
    'worst-case (metric default)',
    'worst-case (metric elementwise)',
    'worst-case (metric monge)',
    'worst-case (metric infinity)',
    'average-case',
    'm-sharpness (rho 0.1)',
    'm-sharpness (rho 0.2)',
  ]);
  expect(heads[2]!.title).toBe('worst-case sharpness (metric monge)');
  const weights = tf.variable(tf.tensor1d([3, -4]));
  const losses = [() => tf.mul(0.5, tf.sum(tf.square(weights))) as tf.Scalar];
  const problem = { variables: [weights], losses: () => losses } as unknown as Problem;
  const context = { problem, seed: 0, pause: async () => {} };
  const found = Object.assign(
    {},
    ...(await Promise.all(measures.map((measure) => measure.measure(context)))),
  );
  expect(Object.keys(found).sort()).toEqual(heads.map(({ name }) => name).sort());
  expect(found['m-sharpness (rho 0.1)'].value).toBeCloseTo(0.505, 4);
  expect(found['m-sharpness (rho 0.2)'].value).toBeCloseTo(1.02, 4);
  weights.dispose();
});

it('says that there are fewer eigenvalues than were asked for', async () => {
  const registry = await loadRegistry();
  const measure = registry.build(
    'measure',
    completePart(registry, 'measure', { name: 'hessian', count: 3, probes: 2 } as never),
  );
  const weights = tf.variable(tf.tensor1d([3, -4]));
  const problem = {
    variables: [weights],
    losses: () => [() => tf.sum(tf.square(weights))],
  } as unknown as Problem;
  const found = await measure.measure({ problem, seed: 0, pause: async () => {} });
  expect(found['hessian-2']).toEqual({ value: expect.closeTo(2, 3), error: expect.any(Number) });
  expect(found['hessian-3']).toEqual({
    value: null,
    unreliable: 'there are 2 eigenvalues, as many as weights',
  });
  weights.dispose();
});
