import * as tf from '@tensorflow/tfjs';
import { mongeMetric, sgd, sharpnessAware } from '@tfjs-sam/core';
import { describeVariant, toyProblem, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  dynamicMask,
  fisherMask,
  maskedFraction,
  nmMask,
  type SparseSamOptions,
  sparseSam,
  structuredMask,
} from '../src/index.js';

const base = () => sgd({ learningRate: 0.1, momentum: 0.9 });

describe('sparseSam', () => {
  beforeAll(() => useBackend('cpu'));

  const trained = (optimizer: tf.Optimizer) => {
    const problem = toyProblem();
    for (let i = 0; i < 5; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
    const values = problem.values();
    optimizer.dispose();
    problem.dispose();
    return values;
  };

  it.each([
    ['fisher', { sparsity: 0.7, refreshEvery: 2 }, fisherMask],
    ['dynamic', { sparsity: 0.3, seed: 4, refreshEvery: 2 }, dynamicMask],
    ['structured', { sparsity: 0.6, refreshEvery: 2 }, structuredMask],
    ['n:m', { n: 1, m: 3, refreshEvery: 2 }, nmMask],
  ] as const)('is SAM with the filter of the mask "%s", in any metric', (mask, options, filterOf) => {
    const metric = mongeMetric();
    const expected = trained(sharpnessAware(base(), { rho: 0.3, metric, filter: filterOf(options) }));
    expect(trained(sparseSam(base(), { rho: 0.3, metric, mask, ...options }))).toEqual(expected);
  });

  it('defaults to SSAM-F with rho 0.05 and half of the coordinates', async () => {
    const expected = trained(sharpnessAware(base(), { rho: 0.05, filter: fisherMask({ sparsity: 0.5 }) }));
    expect(trained(sparseSam(base()))).toEqual(expected);
  });

  it('takes n from the sparsity where only that is given', () => {
    for (const [sparsity, n] of [
      [0.5, 2],
      [0.75, 1],
      [0.99, 1],
      [0, 4],
    ] as const)
      expect(trained(sparseSam(base(), { mask: 'n:m', sparsity }))).toEqual(
        trained(sharpnessAware(base(), { filter: nmMask({ n }) })),
      );
  });

  it('knows which options belong to which mask, at compile time', () => {
    sparseSam(base(), { mask: 'dynamic', seed: 3 });
    // @ts-expect-error: an option of N:M
    sparseSam(base(), { mask: 'structured', n: 3 });
    // @ts-expect-error: the filter is the mask
    expect(() => sparseSam(base(), { filter: nmMask() })).toThrow('expected an option of [');
  });

  it('works in model.fit with the losses of single examples of its own', async () => {
    const x = tf.randomNormal([24, 4], 0, 1, 'float32', 5) as tf.Tensor2D;
    const y = tf.tidy(() =>
      tf.oneHot(tf.argMax(tf.slice(x, [0, 0], [24, 3]), 1), 3).toFloat(),
    ) as tf.Tensor2D;
    const layer = tf.layers.dense({
      units: 3,
      inputShape: [4],
      kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
    });
    const model = tf.sequential({ layers: [layer, tf.layers.softmax()] });
    const examples = Array.from({ length: 8 }, (_, i) => () => {
      const predicted = model.apply(tf.slice(x, [i, 0], [1, 4]), { training: true }) as tf.Tensor;
      return tf.metrics.categoricalCrossentropy(tf.slice(y, [i, 0], [1, 3]), predicted).mean() as tf.Scalar;
    });
    const refreshes: number[] = [];
    const perExample = (step: number) => {
      refreshes.push(step);
      return examples;
    };
    const optimizer = sparseSam(sgd({ learningRate: 0.2 }), { perExample, refreshEvery: 3 });
    model.compile({ optimizer, loss: 'categoricalCrossentropy' });
    const { history } = await model.fit(x, y, { epochs: 4, batchSize: 12, shuffle: false, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(refreshes).toEqual([0, 3, 6]);
    // 15 weights, ⌊7.5⌋ of which move.
    expect(await maskedFraction(optimizer)).toBeCloseTo(8 / 15, 6);
    tf.dispose([x, y]);
    model.dispose();
    optimizer.dispose();
  });

  it.each<[SparseSamOptions, Error]>([
    [{ sparsity: 1 }, new RangeError('sparse-sam: expected sparsity to be in [0, 1), got 1')],
    [
      { mask: 'random' as 'fisher' },
      new RangeError(
        'sparse-sam: expected mask to be one of [fisher, dynamic, structured, n:m], got "random"',
      ),
    ],
    [{ mask: 'n:m', sparsity: 1 }, new RangeError('sparse-sam: expected sparsity to be in [0, 1), got 1')],
    [{ mask: 'n:m', n: 5 }, new RangeError('nmMask: expected n to be at most m, got 5:4')],
    [{ samples: 0 }, new RangeError('sparse-sam: expected samples to be an integer >= 1, got 0')],
    [
      { perExample: [] as unknown as () => [] },
      new TypeError('sparse-sam: expected perExample to be a function (step) => closures, got []'),
    ],
    [
      { initialMask: 'ones' as 'dense' },
      new RangeError('sparse-sam: expected initialMask to be one of [fisher, zeros, dense], got "ones"'),
    ],
    [
      { mask: 'dynamic', dropRate: 1.5 },
      new RangeError('sparse-sam: expected dropRate to be in [0, 1], got 1.5'),
    ],
    [
      { mask: 'dynamic', growthStrategy: 'loss' as 'weight' },
      new RangeError(
        'sparse-sam: expected growthStrategy to be one of [gradient, weight, random], got "loss"',
      ),
    ],
    [
      { mask: 'dynamic', sampler: 1 as unknown as () => [] },
      new TypeError('sparse-sam: expected sampler to be a function (shapes, step, index) => vector, got 1'),
    ],
    [
      { mask: 'structured', refreshEvery: 0 },
      new RangeError('sparse-sam: expected refreshEvery to be an integer >= 1, got 0'),
    ],
    [{ rho: -1 }, new RangeError('sparse-sam: expected rho to be a finite number >= 0, got -1')],
  ])('refuses %s', (options, error) => {
    expect(() => sparseSam(base(), options)).toThrow(error);
  });

  it('refuses a refresh without losses, at the step', () => {
    const problem = toyProblem();
    const optimizer = sparseSam(base(), { perExample: () => [] });
    expect(() => optimizer.minimize(() => problem.loss(0), false, problem.variables)).toThrow(
      new RangeError('fisherMask: expected perExample to give at least one closure, got none at step 0'),
    );
    optimizer.dispose();
    problem.dispose();
  });
});

describeVariant({
  name: 'sparse-sam, structured',
  refusesRuns: 'masks are of one run',
  create: (optimizer, options) => sparseSam(optimizer, { ...options, mask: 'structured', refreshEvery: 2 }),
});
describeVariant({
  name: 'sparse-sam, n:m',
  refusesRuns: 'masks are of one run',
  create: (optimizer, options) => sparseSam(optimizer, { ...options, mask: 'n:m', refreshEvery: 2 }),
});
