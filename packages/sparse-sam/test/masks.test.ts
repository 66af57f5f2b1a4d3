import * as tf from '@tensorflow/tfjs';
import { type PerturbationFilter, type Sampler, sgd, sharpnessAware } from '@tfjs-sam/core';
import { backendNames, useBackend } from '@tfjs-sam/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { dynamicMask, fisherMask, maskedFraction, nmMask, structuredMask } from '../src/index.js';

const shapes = [[3, 4], [4], [], [2, 3, 2]];
const sizes = shapes.map((shape) => shape.reduce((a, b) => a * b, 1));
const size = sizes.reduce((a, b) => a + b);

/** Numbers, variable by variable. */
function partsOf(values: readonly number[]): number[][] {
  let at = 0;
  return sizes.map((length) => {
    const part = values.slice(at, at + length);
    at += length;
    return part;
  });
}

/** Runs steps on Σ cᵢ wᵢ around w = 0, so that the second pass sees the perturbation itself; the gradients are c. */
function perturbations(
  filter: PerturbationFilter,
  gradients: readonly (readonly number[])[],
  rho = 1,
): number[][] {
  const variables = shapes.map((shape) => tf.variable(tf.zeros(shape)));
  const optimizer = sharpnessAware(sgd({ learningRate: 0 }), { filter, rho });
  const result = gradients.map((gradient) => {
    let seen: number[] = [];
    optimizer.minimize(
      linear(variables, gradient, (values) => {
        seen = values;
      }),
      false,
      variables,
    );
    return seen;
  });
  optimizer.dispose();
  tf.dispose(variables);
  return result;
}

function linear(variables: tf.Variable[], c: readonly number[], see: (values: number[]) => void = () => {}) {
  return () => {
    see(variables.flatMap((variable) => [...variable.dataSync()]));
    const parts = partsOf(c);
    const terms = variables.map((variable, i) =>
      tf.sum(tf.mul(tf.tensor(parts[i]!, variable.shape), variable)),
    );
    return tf.addN(terms) as tf.Scalar;
  };
}

const maskOf = (perturbation: readonly number[]) => perturbation.map((value) => (value === 0 ? 0 : 1));
const count = (mask: readonly number[]) => mask.filter((value) => value !== 0).length;

/** 1 at the `keep` largest, ties going to the first. */
function topReference(scores: readonly number[], keep: number): number[] {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return scores.map((_, i) => (order.indexOf(i) < keep ? 1 : 0));
}

/** Few values, so that ties are the rule; never 0, so that every coordinate that may move does. */
const gradient = fc.array(fc.constantFrom(-3, -2, -1, 1, 2, 3), { minLength: size, maxLength: size });
const sparsity = fc.constantFrom(0, 0.2, 0.5, 0.8, 0.99);

describe.each([...backendNames])('masks on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('keeps exactly the largest gradients over all variables together, and does not renormalise', () => {
    fc.assert(
      fc.property(gradient, sparsity, (g, s) => {
        const [perturbation] = perturbations(fisherMask({ sparsity: s }), [g], 0.5);
        const expected = topReference(g.map(Math.abs), Math.max(1, Math.floor(size * (1 - s))));
        expect(maskOf(perturbation!)).toEqual(expected);
        const length = Math.sqrt(g.reduce((sum, v) => sum + v * v, 0));
        // ρ g/‖g‖: a division, a multiplication and the norm in float32, values below 0.5.
        for (const [i, value] of perturbation!.entries())
          expect(Math.abs(value - (expected[i]! * 0.5 * g[i]!) / length)).toBeLessThanOrEqual(2e-7);
      }),
      { seed: 2, numRuns: 25 },
    );
  });

  it('moves whole output channels, the strongest of every variable', () => {
    fc.assert(
      fc.property(gradient, sparsity, (g, s) => {
        const [perturbation] = perturbations(structuredMask({ sparsity: s }), [g]);
        const expected = partsOf(g).flatMap((part, v) => {
          const shape = shapes[v]!;
          const channels = shape.at(-1) ?? 1;
          const scores = Array.from({ length: channels }, (_, c) =>
            part.reduce((sum, value, i) => sum + (i % channels === c ? value * value : 0), 0),
          );
          const kept = topReference(scores, Math.max(1, Math.floor(channels * (1 - s) + 1e-6)));
          return part.map((_, i) => kept[i % channels]!);
        });
        expect(maskOf(perturbation!)).toEqual(expected);
      }),
      { seed: 3, numRuns: 25 },
    );
  });

  it.each([
    [2, 4],
    [1, 3],
    [4, 4],
    [3, 8],
  ])('keeps %i of every %i consecutive coordinates', (n, m) => {
    fc.assert(
      fc.property(gradient, (g) => {
        const [perturbation] = perturbations(nmMask({ n, m }), [g]);
        const expected = partsOf(g.map(Math.abs)).flatMap((part) => {
          const groups = Array.from({ length: Math.ceil(part.length / m) }, (_, i) =>
            part.slice(i * m, i * m + m),
          );
          return groups.flatMap((group) => topReference(group, n));
        });
        expect(maskOf(perturbation!)).toEqual(expected);
      }),
      { seed: 4, numRuns: 10 },
    );
  });

  it('survives gradients whose squares overflow, vanish or are not finite', () => {
    const ramp = Array.from({ length: size }, (_, i) => i + 1);
    const expected = topReference(ramp, Math.floor(size / 2));
    for (const scale of [1e-30, 1e30]) {
      const [perturbation] = perturbations(fisherMask(), [ramp.map((v) => v * scale)]);
      expect(maskOf(perturbation!)).toEqual(expected);
    }
    const broken = ramp.map((v, i) => (i === 3 ? Number.NaN : v));
    for (const filter of [fisherMask(), dynamicMask(), structuredMask(), nmMask()]) {
      expect(perturbations(filter, [broken])[0]!.every(Number.isFinite)).toBe(true);
    }
  });

  it('ranks by single examples where it is given their losses: what cancels in the batch counts', () => {
    const variables = shapes.map((shape) => tf.variable(tf.zeros(shape)));
    const ones = Array.from({ length: size }, () => 0.1);
    const loud = (sign: number) => ones.map((v, i) => (i >= size - 3 ? sign * 5 : v));
    const examples = [loud(1), loud(-1), ones.map((v, i) => (i < 5 ? 99 : v))];
    let refreshes = 0;
    const filter = fisherMask({
      sparsity: 1 - 3.5 / size,
      perExample: () => {
        refreshes += 1;
        return examples.map((c) => linear(variables, c));
      },
      samples: 2,
      refreshEvery: 2,
    });
    const optimizer = sharpnessAware(sgd({ learningRate: 0 }), { filter });
    let seen: number[] = [];
    for (let i = 0; i < 4; i++)
      optimizer.minimize(
        linear(variables, ones, (values) => {
          seen = values;
        }),
        false,
        variables,
      );
    expect(maskOf(seen)).toEqual(ones.map((_, i) => (i >= size - 3 ? 1 : 0)));
    expect(refreshes).toBe(2);
    optimizer.dispose();
    tf.dispose(variables);
  });

  const ascending = Array.from({ length: size }, (_, i) => i + 1);
  const descending = [...ascending].reverse();
  const high = topReference(ascending, Math.floor(size / 2));
  const low = topReference(descending, Math.floor(size / 2));
  const all = ascending.map(() => 1);
  const none = ascending.map(() => 0);
  it.each([
    ['fisher', [high, high, high, low, low, low]],
    ['dense', [all, low, low, low, low, high]],
    ['zeros', [none, low, low, low, low, high]],
  ] as const)('refreshes on schedule from an initial mask of %s', (initialMask, expected) => {
    const [a, d] = [ascending, descending];
    // Refreshes at steps 0 and 3, or, after another initial mask, at 1 and 5.
    const filter = fisherMask({ initialMask, refreshEvery: initialMask === 'fisher' ? 3 : 4 });
    expect(perturbations(filter, [a, d, a, d, a, a]).map(maskOf)).toEqual(expected);
  });

  it('drops and grows as many as the annealed rate says, from the next step on', () => {
    const random: Sampler = () => partsOf(ascending).map((part, v) => tf.tensor(part, shapes[v]!));
    const filter = dynamicMask({
      ...{ sparsity: 0.5, dropRate: 0.5, refreshEvery: 2, totalRefreshes: 2 },
      ...{ sampler: random, growthStrategy: 'gradient' },
    });
    const masks = perturbations(filter, [descending, ascending, descending, ascending, ascending]).map(
      maskOf,
    );
    const live = size / 2;
    // Refresh 0, rate 0.5: of the upper half the lower part stays (larger gradient), of the lower half the lowest start.
    const stay = Math.floor(live * 0.5);
    const start = Math.floor(live * 0.5);
    const second = ascending.map((_, i) => {
      if (i >= size - live) return i < size - live + stay ? 1 : 0;
      return i < start ? 1 : 0;
    });
    expect(masks[0]).toEqual(high);
    expect(masks[1]).toEqual(second);
    expect(masks[2]).toEqual(second);
    // Refresh 1, rate 0.25; refresh 2, rate 0: nothing changes any more but what truncation lost.
    const [keep, grow] = [Math.floor(live * 0.75 + 1e-6), Math.floor(live * 0.25 + 1e-6)];
    expect(count(masks[3]!)).toBe(keep + grow);
    expect(masks[4]).toEqual(masks[3]);
    const survivors = masks[3]!.filter((value, i) => value === 1 && second[i] === 1);
    expect(survivors).toHaveLength(keep);
  });

  it.each(['gradient', 'weight', 'random'] as const)('drops and grows by %s, seeded', (strategy) => {
    const gradients = Array.from({ length: 5 }, (_, step) =>
      ascending.map((v) => Math.sin(v * (step + 1)) + 2),
    );
    const run = (seed: number) =>
      perturbations(
        dynamicMask({ dropStrategy: strategy, growthStrategy: strategy, refreshEvery: 1, seed }),
        gradients,
      ).map(maskOf);
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
    for (const mask of run(1)) expect(Math.abs(count(mask) - size / 2)).toBeLessThanOrEqual(1);
    expect(new Set(run(1).map((mask) => mask.join(''))).size).toBeGreaterThan(1);
  });

  it('reports the masked fraction', async () => {
    const variables = shapes.map((shape) => tf.variable(tf.zeros(shape)));
    const optimizer = sharpnessAware(tf.train.adam(1e-3), { filter: fisherMask({ sparsity: 0.8 }) });
    await expect(maskedFraction(optimizer)).rejects.toThrow(
      'maskedFraction: expected an optimizer with a mask of @tfjs-sam/sparse-sam that has taken a step, got none',
    );
    optimizer.minimize(linear(variables, ascending), false, variables);
    const { numTensors } = tf.memory();
    expect(await maskedFraction(optimizer)).toBeCloseTo(1 - Math.floor(size * 0.2) / size, 6);
    expect(tf.memory().numTensors).toBe(numTensors);
    optimizer.dispose();
    tf.dispose(variables);
  });

  it('perturbs densely, not nowhere, after a skipped first step', () => {
    const variables = shapes.map((shape) => tf.variable(tf.zeros(shape)));
    const optimizer = sharpnessAware(sgd({ learningRate: 0 }), { filter: fisherMask(), onNonFinite: 'skip' });
    const nan = ascending.map(() => Number.NaN);
    let seen: number[] = [];
    optimizer.minimize(linear(variables, nan), false, variables);
    optimizer.minimize(
      linear(variables, ascending, (values) => {
        seen = values;
      }),
      false,
      variables,
    );
    expect(maskOf(seen)).toEqual(all);
    optimizer.dispose();
    tf.dispose(variables);
  });

  it('makes one mask per step for all micro-batches', () => {
    const variables = shapes.map((shape) => tf.variable(tf.zeros(shape)));
    let draws = 0;
    const sampler: Sampler = (wanted) => {
      draws += 1;
      return wanted.map((shape) => tf.mul(tf.ones([...shape]), draws));
    };
    const filter = dynamicMask({ refreshEvery: 1, sampler });
    const optimizer = sharpnessAware(sgd({ learningRate: 0 }), { filter });
    const seen: number[][] = [];
    const parts = [ascending, descending].map((c) =>
      linear(variables, c, (values) => void seen.push(values)),
    );
    const options = { sharpness: 'per-micro-batch', varList: variables } as const;
    optimizer.minimizeOver(parts, options);
    // The initial mask and one growth.
    expect(draws).toBe(2);
    expect(maskOf(seen[1]!)).toEqual(maskOf(seen[3]!));
    const { numTensors } = tf.memory();
    optimizer.minimizeOver(parts, options);
    expect(draws).toBe(3);
    expect(maskOf(seen[5]!)).toEqual(maskOf(seen[7]!));
    expect(maskOf(seen[5]!)).not.toEqual(maskOf(seen[1]!));
    expect(tf.memory().numTensors).toBe(numTensors);
    optimizer.dispose();
    tf.dispose(variables);
  });
});
