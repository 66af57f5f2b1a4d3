import * as tf from '@tensorflow/tfjs';
import { lion, sharpnessAware } from '@tfjs-sam/core';
import { backendNames, toyProblem, trainInFit, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { train } from './training.js';

/** Steps on f(w) = ½ Σ aᵢ wᵢ² in float64, written from algorithm 2 of the paper. */
function reference(
  a: number[],
  w0: number[],
  steps: number,
  options: Record<'learningRate' | 'beta1' | 'beta2' | 'weightDecay', number>,
): number[] {
  const { beta1, beta2, weightDecay, learningRate } = options;
  let [w, m] = [w0, w0.map(() => 0)];
  for (let t = 0; t < steps; t++) {
    const g = w.map((v, i) => a[i]! * v);
    const c = m.map((v, i) => beta1 * v + (1 - beta1) * g[i]!);
    w = w.map((v, i) => v - learningRate * (Math.sign(c[i]!) + weightDecay * v));
    m = m.map((v, i) => beta2 * v + (1 - beta2) * g[i]!);
  }
  return w;
}

describe.each([...backendNames])('lion on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each([
    { learningRate: 0.11, beta1: 0.9, beta2: 0.99, weightDecay: 0 },
    { learningRate: 0.07, beta1: 0.6, beta2: 0.95, weightDecay: 0.3 },
  ])('follows the paper with %o', (options) => {
    const a = [1.3, 0.4, 2.1, 0.9];
    const w = [0.31, -0.72, 0.043, 1.4];
    const weight = tf.variable(tf.tensor1d(w));
    const optimizer = lion(options);
    const loss = () => tf.mul(0.5, tf.sum(tf.mul(tf.tensor1d(a), tf.square(weight)))) as tf.Scalar;
    for (let i = 0; i < 25; i++) optimizer.minimize(loss, false, [weight]);
    const expected = reference(a, w, 25, options);
    // Each step adds a rounding of 2⁻²⁴ of numbers of size 1; a sign that differs would show as 2 · learningRate.
    expect(Math.max(...weight.dataSync().map((v, i) => Math.abs(v - expected[i]!)))).toBeLessThan(
      25 * 2 ** -23,
    );
    weight.dispose();
    optimizer.dispose();
  });

  it('stays where gradient and momentum are zero, and passes a NaN on', () => {
    const weight = tf.variable(tf.tensor1d([0.5, 0.5]));
    const optimizer = lion({ learningRate: 0.1 });
    optimizer.minimize(() => tf.sum(tf.mul(weight, 0)) as tf.Scalar, false, [weight]);
    expect([...weight.dataSync()]).toEqual([0.5, 0.5]);
    optimizer.minimize(() => tf.sum(tf.mul(weight, [Number.NaN, 1])) as tf.Scalar, false, [weight]);
    const [broken, moved] = weight.dataSync();
    expect(broken).toBeNaN();
    expect(moved).toBeCloseTo(0.4, 6);
    weight.dispose();
    optimizer.dispose();
  });

  it('decays only the variables that the predicate names', () => {
    const [kernel, bias] = ['kernel', 'bias'].map((name) => tf.variable(tf.scalar(1), true, `lion/${name}`));
    const optimizer = lion({
      learningRate: 0.5,
      weightDecay: 0.5,
      decay: ({ name }) => name.endsWith('kernel'),
    });
    optimizer.minimize(() => tf.mul(tf.add(kernel!, bias!), 0) as tf.Scalar, false, [kernel!, bias!]);
    expect(kernel!.dataSync()[0]).toBe(0.75);
    expect(bias!.dataSync()[0]).toBe(1);
    tf.dispose([kernel!, bias!]);
    optimizer.dispose();
  });

  it('continues a saved training bit for bit, under SAM, without a leak', async () => {
    const problem = toyProblem();
    const make = () => sharpnessAware(lion({ learningRate: 0.01, weightDecay: 0.1 }));
    const optimizer = make();
    train(optimizer, problem, 3);
    const { numTensors } = tf.memory();
    const weights = await optimizer.getWeights();
    const saved = weights.map(({ name, tensor }) => ({ name, tensor: tf.clone(tensor) }));
    const values = problem.values();
    train(optimizer, problem, 3, 3);
    const uninterrupted = problem.values();
    const resumed = make();
    problem.assign(values);
    await resumed.setWeights(saved);
    train(resumed, problem, 3, 3);
    expect(problem.values()).toEqual(uninterrupted);
    resumed.dispose();
    tf.dispose([
      saved.map(({ tensor }) => tensor),
      weights.filter(({ name }) => /iter$/.test(name)).map((w) => w.tensor),
    ]);
    expect(tf.memory().numTensors).toBe(numTensors);
    optimizer.dispose();
    problem.dispose();
  });

  it('trains in model.fit', async () => {
    await trainInFit(() => lion({ learningRate: 0.01 }));
  });
});

describe('options of lion', () => {
  it.each([
    [{ learningRate: -1 }, 'lion: expected learningRate to be a finite number >= 0, got -1'],
    [{ beta1: 1 }, 'lion: expected beta1 to be in [0, 1), got 1'],
    [{ beta2: -0.1 }, 'lion: expected beta2 to be in [0, 1), got -0.1'],
    [{ weightDecay: Number.NaN }, 'lion: expected weightDecay to be a finite number >= 0, got NaN'],
  ])('are checked at the door', (options, message) => {
    expect(() => lion(options)).toThrow(message);
  });

  it('are written down with the defaults that matter', () => {
    expect(lion({ beta2: 0.98 }).getConfig()).toEqual({
      learningRate: 1e-4,
      beta1: 0.9,
      beta2: 0.98,
      weightDecay: 0,
    });
  });
});
