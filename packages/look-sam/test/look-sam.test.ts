import * as tf from '@tensorflow/tfjs';
import { mongeMetric, SharpnessAwareOptimizer, sgd, sharpnessAware } from '@tfjs-sam/core';
import { backendNames, describeGolden, describeVariant, toyProblem, useBackend } from '@tfjs-sam/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { lookSam } from '../src/index.js';
import { across } from '../src/orthogonal-part.js';

describe.each([
  ['looksam', true],
  ['looksam_global', false],
] as const)('%s', (variant, perVariable) => {
  describeGolden({
    variant,
    create: (base, { hyper: { rho, k, alpha } }) => lookSam(base, { rho, k, alpha, perVariable }),
  });
});

// With k = 3 the suite meets both kinds of steps, also at the step whose closure throws.
describeVariant({ name: 'look-sam', create: (base, options) => lookSam(base, { k: 3, ...options }) });

describe.each([...backendNames])('look-sam on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  const base = () => sgd({ learningRate: 0.1, momentum: 0.9 });
  const steps = (optimizer: tf.Optimizer, count = 4) => {
    const problem = toyProblem();
    for (let i = 0; i < count; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
    const values = problem.values();
    optimizer.dispose();
    problem.dispose();
    return values.flat();
  };
  const vector = (lists: readonly (readonly number[])[]) => lists.map((list) => tf.tensor1d([...list]));

  it('evaluates a second gradient every k steps', () => {
    const problem = toyProblem();
    const counts = (k: number) => {
      const optimizer = lookSam(sgd({ learningRate: 0.05 }), { k });
      const result = Array.from({ length: 7 }, (_, step) => {
        let calls = 0;
        const counted = () => {
          calls += 1;
          return problem.loss(step);
        };
        optimizer.minimize(counted, false, problem.variables);
        return calls;
      });
      optimizer.dispose();
      return result;
    };
    expect(counts(3)).toEqual([2, 1, 1, 2, 1, 1, 2]);
    expect(counts(1)).toEqual([2, 2, 2, 2, 2, 2, 2]);
    problem.dispose();
  });

  it('is SAM with k = 1, with the strategies that it is given, bit for bit', () => {
    const metric = mongeMetric();
    expect(steps(lookSam(base(), { k: 1, rho: 0.2, metric }))).toEqual(
      steps(sharpnessAware(base(), { rho: 0.2, metric })),
    );
  });

  it('takes plain steps between the full ones with alpha = 0', () => {
    const problem = toyProblem();
    const optimizer = lookSam(sgd({ learningRate: 0.1 }), { k: 2, alpha: 0 });
    optimizer.minimize(() => problem.loss(0), false, problem.variables);
    const before = problem.values();
    optimizer.minimize(() => problem.loss(1), false, problem.variables);
    const after = problem.values();
    problem.assign(before);
    const plain = sgd({ learningRate: 0.1 });
    plain.minimize(() => problem.loss(1), false, problem.variables);
    expect(problem.values()).toEqual(after);
    for (const each of [optimizer, plain, problem]) each.dispose();
  });

  it('reuses a unit vector at a right angle to the gradient, in the plane of both', () => {
    const entry = fc.integer({ min: -100, max: 100 });
    const pair = fc.tuple(
      fc.array(entry, { minLength: 2, maxLength: 2 }),
      fc.array(entry, { minLength: 3, maxLength: 3 }),
    );
    fc.assert(
      fc.property(pair, pair, fc.constantFrom(1e-20, 1, 1e20), (g, p, size) => {
        const [a, b] = [g.flat(), p.flat()];
        const products = (x: readonly number[], y: readonly number[]) =>
          x.reduce((sum, xi, i) => sum + xi * y[i]!, 0);
        const c = products(a, a) === 0 ? 0 : products(a, b) / products(a, a);
        const rest = b.map((x, i) => x - c * a[i]!);
        const length = Math.hypot(...rest);
        const scaled = (lists: readonly (readonly number[])[]) =>
          vector(lists.map((list) => list.map((x) => x * size)));
        const actual = tf.tidy(() =>
          across(scaled(g), scaled(p), false).flatMap((tensor) => [...tensor.dataSync()]),
        );
        // Integers: the sine is 0, or at least 1/(100² · 5), which some ten roundings blur by that much relatively.
        const sine = length / Math.hypot(...b);
        const wanted = rest.map((x) => (length < 1e-9 ? 0 : x / length));
        const tolerance = length < 1e-9 ? 0 : (10 * 2 ** -24) / sine;
        for (const [i, x] of actual.entries())
          expect(Math.abs(x - wanted[i]!)).toBeLessThanOrEqual(tolerance);
      }),
      { seed: 9, numRuns: 60 },
    );
  });

  it('takes roundings for nothing, and gradients of zero', () => {
    const g = [[0.1, -0.3], [1.7]];
    const parallel = g.map((list) => list.map((x) => x / 3));
    const sums = (perturbed: readonly (readonly number[])[], gradient: readonly (readonly number[])[]) =>
      [true, false].map((perVariable) =>
        tf.tidy(() =>
          across(vector(gradient), vector(perturbed), perVariable).map(
            (tensor) => tf.sum(tf.abs(tensor)).dataSync()[0]!,
          ),
        ),
      );
    const none = [
      [0, 0],
      [0, 0],
    ];
    expect(sums(parallel, g)).toEqual(none);
    expect(sums([[0, 0], [0]], g)).toEqual(none);
    expect(sums([[0, 0], [0]], [[0, 0], [0]])).toEqual(none);
    // A single number is always parallel to itself: per variable nothing of it is left, together something is.
    const [each, together] = sums([[0.1, -0.3], [1.8]], g);
    expect(each).toEqual([0, 0]);
    expect(together![1]).toBeGreaterThan(0);
  });

  it('gives a variable that joins between full steps its gradient', () => {
    const [x, y] = [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.scalar(1))];
    const loss = () => tf.add(tf.sum(tf.pow(x, 4)), tf.mul(2, y)) as tf.Scalar;
    const optimizer = lookSam(sgd({ learningRate: 0.01 }), { rho: 0.5, k: 3 });
    optimizer.minimize(loss, false, [x]);
    const before = [...x.dataSync()];
    optimizer.minimize(loss, false, [x, y]);
    // One rounding of y, which is near 1.
    expect(Math.abs(y.dataSync()[0]! - 0.98)).toBeLessThanOrEqual(2 ** -23);
    const moved = [...x.dataSync()].map((value, i) => (before[i]! - value) / 0.01);
    expect(moved[0]! / moved[1]!).not.toBeCloseTo((before[0]! / before[1]!) ** 3, 3);
    optimizer.dispose();
    tf.dispose([x, y]);
  });
});

describe('look-sam', () => {
  beforeAll(() => useBackend('cpu'));

  it('refuses a k below 1, a negative alpha or rho, and a perVariable that is no boolean', () => {
    const base = sgd({ learningRate: 0.1 });
    expect(() => lookSam(base, { k: 0 })).toThrow(
      new RangeError('look-sam: expected k to be an integer >= 1, got 0'),
    );
    expect(() => lookSam(base, { k: 2.5 })).toThrow(RangeError);
    expect(() => lookSam(base, { alpha: -1 })).toThrow(
      new RangeError('look-sam: expected alpha to be a finite number >= 0, got -1'),
    );
    expect(() => lookSam(base, { rho: -1 })).toThrow(
      new RangeError('look-sam: expected rho to be a finite number >= 0, got -1'),
    );
    expect(() => lookSam(base, { perVariable: 1 as unknown as boolean })).toThrow(
      new TypeError('look-sam: expected perVariable to be a boolean, got 1'),
    );
  });

  it('survives saving and loading', () => {
    const optimizer = lookSam(sgd({ learningRate: 0.1 }), { k: 4, alpha: 0.2, perVariable: true });
    const written = JSON.parse(JSON.stringify(optimizer.getConfig())) as tf.serialization.ConfigDict;
    const loaded = SharpnessAwareOptimizer.fromConfig(SharpnessAwareOptimizer, written);
    expect(loaded.getConfig()).toEqual(written);
    expect(written).toMatchObject({ variant: 'look-sam', k: 4, alpha: 0.2, perVariable: true });
  });
});
