import * as tf from '@tensorflow/tfjs';
import {
  chainFilters,
  type PerturbationFilter,
  SharpnessAwareOptimizer,
  sgd,
  sharpnessAware,
} from '@tfjs-sam/core';
import { corePlugins, createRegistry, pluginsOf } from '@tfjs-sam/core/registry';
import { useBackend } from '@tfjs-sam/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import * as exported from '../src/index.js';
import { dynamicMask, fisherMask, maskedFraction, nmMask, structuredMask } from '../src/index.js';

const OptimizerClass =
  SharpnessAwareOptimizer as unknown as tf.serialization.SerializableConstructor<SharpnessAwareOptimizer>;

const size = 24;

/** The loss c·w around w = 0: its gradient is c, and the second pass sees the perturbation. */
function watched(variable: tf.Variable, c: readonly number[], seen: number[][]) {
  const pass: number[][] = [];
  seen.length = 0;
  return () => {
    pass.push([...variable.dataSync()]);
    seen.splice(0, seen.length, ...pass);
    return tf.sum(tf.mul(tf.tensor(c as number[], variable.shape), variable)) as tf.Scalar;
  };
}

/** The perturbations of a few steps. */
function perturbations(filter: PerturbationFilter, gradients: readonly (readonly number[])[]): number[][] {
  const variable = tf.variable(tf.zeros([size / 4, 4]));
  const optimizer = sharpnessAware(sgd({ learningRate: 0 }), { filter, rho: 1 });
  const seen: number[][] = [];
  const result = gradients.map((gradient) => {
    optimizer.minimize(watched(variable, gradient, seen), false, [variable]);
    return seen[1]!;
  });
  optimizer.dispose();
  variable.dispose();
  return result;
}

const gradients = fc.array(
  fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), { minLength: size, maxLength: size }),
  { minLength: 1, maxLength: 4 },
);
const masks: readonly (() => PerturbationFilter)[] = [
  () => nmMask({ m: 4, refreshEvery: 2 }),
  () => structuredMask({ sparsity: 0.5, refreshEvery: 1 }),
  () => dynamicMask({ sparsity: 0.5, seed: 1, refreshEvery: 1 }),
  () => dynamicMask({ sparsity: 0.5, seed: 2, refreshEvery: 1 }),
];
const anyMask = fc.constantFrom(...masks);

describe('a chain of filters', () => {
  beforeAll(() => useBackend('cpu'));

  it('of one is that filter', () => {
    fc.assert(
      fc.property(anyMask, gradients, (mask, steps) => {
        expect(perturbations(chainFilters(mask()), steps)).toEqual(perturbations(mask(), steps));
      }),
      { numRuns: 20 },
    );
  });

  it('lets move what all masks let move, each remembering its own', () => {
    fc.assert(
      fc.property(anyMask, anyMask, gradients, (one, other, steps) => {
        const [first, second] = [one, other].map((mask) => perturbations(mask(), steps)) as [
          number[][],
          number[][],
        ];
        const both = first.map((delta, i) => delta.map((value, j) => (second[i]![j] === 0 ? 0 : value)));
        expect(perturbations(chainFilters(one(), other()), steps)).toEqual(both);
      }),
      { numRuns: 40 },
    );
  });

  it('of none lets everything move', () => {
    fc.assert(
      fc.property(gradients, (steps) => {
        const all: PerturbationFilter = { apply: (delta) => delta };
        expect(perturbations(chainFilters(), steps)).toEqual(perturbations(all, steps));
      }),
      { numRuns: 5 },
    );
  });

  it('applies the filters in order, to what the one before left', () => {
    const doubled: PerturbationFilter = { apply: (delta) => delta.map((tensor) => tf.mul(tensor, 2)) };
    const plusOne: PerturbationFilter = { apply: (delta) => delta.map((tensor) => tf.add(tensor, 1)) };
    const c = [Array.from({ length: size }, () => 1)];
    const entry = 1 / Math.sqrt(size);
    expect(perturbations(chainFilters(doubled, plusOne), c)[0]![0]).toBeCloseTo(2 * entry + 1, 6);
    expect(perturbations(chainFilters(chainFilters(plusOne), doubled), c)[0]![0]).toBeCloseTo(
      2 * entry + 2,
      6,
    );
  });

  it('keeps its masks over saving and loading', async () => {
    const variable = tf.variable(tf.zeros([size / 4, 4]), true, 'chained');
    const seen: number[][] = [];
    const c = Array.from({ length: size }, (_, i) => 1 + (i % 5));
    const make = () =>
      sharpnessAware(sgd({ learningRate: 0 }), {
        filter: chainFilters(
          dynamicMask({ seed: 1, sparsity: 0.25 }),
          dynamicMask({ seed: 2, sparsity: 0.25 }),
        ),
        rho: 1,
      });
    const step = (optimizer: tf.Optimizer) => {
      optimizer.minimize(watched(variable, c, seen), false, [variable]);
      return seen[1]!;
    };
    const optimizer = make();
    step(optimizer);
    const weights = await optimizer.getWeights();
    expect(weights.map(({ name }) => name)).toEqual(
      expect.arrayContaining([expect.stringContaining('filter0.'), expect.stringContaining('filter1.')]),
    );
    const loaded = SharpnessAwareOptimizer.fromConfig(OptimizerClass, optimizer.getConfig());
    expect(loaded.getConfig()).toEqual(optimizer.getConfig());
    await loaded.setWeights(weights);
    expect(step(loaded)).toEqual(step(optimizer));
    for (const each of [optimizer, loaded]) each.dispose();
    variable.dispose();
  });

  it('tells the share that rests by one mask or another', async () => {
    const variable = tf.variable(tf.zeros([size / 4, 4]));
    const filter = chainFilters(masks[2]!(), chainFilters(masks[3]!()));
    const optimizer = sharpnessAware(sgd({ learningRate: 0 }), { filter, rho: 1 });
    const seen: number[][] = [];
    const c = Array.from({ length: size }, (_, i) => 1 + i);
    // The masks of refreshEvery 1 are those of the steps to come.
    for (let i = 0; i < 2; i++) {
      const share = i && (await maskedFraction(optimizer));
      optimizer.minimize(watched(variable, c, seen), false, [variable]);
      const moving = seen[1]!.filter((value) => value !== 0).length;
      if (i) expect(share).toBeCloseTo(1 - moving / size, 6);
      expect(moving).toBeLessThan(size / 2);
    }
    optimizer.dispose();
    variable.dispose();
  });

  it('comes from plain JSON, and names what is wrong in it', () => {
    const registry = createRegistry([...corePlugins, ...pluginsOf(exported, 'this package')]);
    const config = (filters: unknown) =>
      ({
        variant: 'sharpness-aware',
        filter: { name: 'chain', filters },
        base: { name: 'sgd', learningRate: 0.1 },
      }) as never;
    const complete = registry.parse(config([{ name: 'fisher-mask' }, { name: 'nm-mask', m: 8 }]));
    const optimizer = registry.create(complete);
    expect(optimizer.getConfig()).toEqual(complete);
    optimizer.dispose();
    expect(() => registry.create(config([{ name: 'fisher-mask' }, { name: 'nm-masc' }]))).toThrow(
      'filter.filters.1.name',
    );
    expect(() => registry.create(config({}))).toThrow(
      'expected filter.filters to be array of filter, got {}',
    );
  });

  it('says what was given and what is accepted', () => {
    expect(() => chainFilters(fisherMask(), {} as never)).toThrow(
      'expected filter 1 to be an object with a method "apply"',
    );
  });
});
