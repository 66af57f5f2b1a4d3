import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import type { GradientOracle } from '@tfjs-sam/core';
import { pluginsOf } from '@tfjs-sam/core/registry';
import { main } from '@tfjs-sam/lab';
import { describeMetric } from '@tfjs-sam/testing';
import { createDefaultRegistry, sam } from 'tfjs-sam';
import { beforeAll, expect, it } from 'vitest';
import * as example from '../src/index.js';
import { train } from '../src/train.js';

const registry = createDefaultRegistry(pluginsOf(example, 'tfjs-sam-example-custom-metric'));

describeMetric({ name: 'layerwise', create: () => example.layerwiseMetric() });

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it('trains from the script', async () => {
  const losses = await train();
  expect(losses).toHaveLength(50);
  // The plane fits exactly; the sharpness-aware minimum lies within the ball around it.
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 50);
});

it('gives the same optimizer by name and by function', () => {
  const weights = tf.variable(tf.tensor1d([0.3, -4e-4]));
  const byName = registry.create({
    variant: 'sam',
    metric: { name: 'layerwise', eta: 0.05 },
    base: { name: 'tfjs-sgd', learningRate: 0.1 },
  });
  const byFunction = sam(tf.train.sgd(0.1), { metric: example.layerwiseMetric({ eta: 0.05 }) });
  const [a, b] = [byName, byFunction].map((optimizer) => {
    weights.assign(tf.tensor1d([0.3, -4e-4]));
    for (let i = 0; i < 3; i++) optimizer.minimize(() => tf.sum(tf.pow(weights, 4)) as tf.Scalar);
    return [...weights.dataSync()];
  });
  expect(a).toEqual(b);
  expect(registry.parse(byName.getConfig())).toMatchObject(byName.getConfig());
});

it('measures the ball layer by layer: G = (rms + η)⁻², and solve undoes apply', () => {
  tf.tidy(() => {
    // rms(3, 4) = √12.5, and T = rms + 0.5
    const variables = [tf.variable(tf.tensor1d([3, 4])), tf.variable(tf.scalar(1.5))];
    const metric = example.layerwiseMetric({ eta: 0.5 });
    const inner = metric.at([], { variables } as unknown as GradientOracle);
    const v = [tf.tensor1d([1, -2]), tf.scalar(3)];
    const [applied, other] = inner.apply(v).map((tensor) => [...tensor.dataSync()]);
    const squaredT = (Math.sqrt(12.5) + 0.5) ** 2;
    // Five float32 operations, each within 2⁻²⁴ of its exact value, in numbers below 1.
    expect(applied![0]).toBeCloseTo(1 / squaredT, 6);
    expect(applied![1]).toBeCloseTo(-2 / squaredT, 6);
    expect(other![0]).toBeCloseTo(3 / 4, 6);
    for (const [i, tensor] of inner.solve(inner.apply(v)).entries()) {
      for (const [j, value] of [...tensor.dataSync()].entries()) {
        expect(value).toBeCloseTo(v[i]!.dataSync()[j]!, 5);
      }
    }
    for (const variable of variables) variable.dispose();
  });
});

it('tells what is wrong with its options', () => {
  const base = { name: 'sgd', learningRate: 1 };
  expect(() => registry.parse({ variant: 'sam', metric: { name: 'layerwise', eta: 0 }, base })).toThrow(
    'registry: expected metric.eta to be number > 0, got 0.',
  );
  expect(() => registry.parse({ variant: 'sam', metric: { name: 'layer-wise' }, base })).toThrow(
    'Did you mean "layerwise"',
  );
});

it('is described on the command line', async () => {
  let text = '';
  const stdout = new Writable({
    write: (chunk: Buffer, _, done) => {
      text += chunk.toString();
      done();
    },
  });
  const plugin = fileURLToPath(new URL('../src/index.ts', import.meta.url));
  const code = await main(['describe', 'layerwise', '--plugin', plugin], {
    stdout: Object.assign(stdout, { isTTY: false }),
    stderr: process.stderr,
  });
  expect(code).toBe(0);
  expect(text).toMatch(/^metric layerwise \(tfjs-sam-example-custom-metric\): G = /);
  expect(text).toMatch(/│ eta +│ number +│ > 0 +│ 0.01 +│/);
});
