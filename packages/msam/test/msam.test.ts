import { SharpnessAwareOptimizer, sgd } from '@tfjs-sam/core';
import { describeGolden, describeVariant, toyProblem } from '@tfjs-sam/testing';
import { describe, expect, it } from 'vitest';
import { type MsamOptions, msam } from '../src/index.js';

describeGolden({ variant: 'msam', create: (base, { hyper }) => msam(base, { rho: hyper.rho }) });

describeVariant({ name: 'msam', create: msam });
describeVariant({
  name: 'msam with both averages',
  refusesRuns: 'averages of low rank are of one run',
  create: (base, options) =>
    msam(base, { ...options, iterations: { rank: 4, decay: 0.7 }, neighbours: { samples: 1, radius: 0.1 } }),
});

/** The weights after some steps on the toy problem. */
function trained(options: MsamOptions): number[] {
  const problem = toyProblem();
  const optimizer = msam(sgd({ learningRate: 0.1 }), { rho: 0.5, ...options });
  expect(optimizer).toBeInstanceOf(SharpnessAwareOptimizer);
  for (let i = 0; i < 4; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
  const values = problem.values().flat();
  optimizer.dispose();
  problem.dispose();
  return values;
}

const largestDifference = (x: readonly number[], y: readonly number[]) =>
  Math.max(...x.map((value, i) => Math.abs(value - y[i]!)));

describe('the averages of msam', () => {
  it('are the instantaneous metric in their limits: no memory, or neighbours at no distance', () => {
    const plain = trained({});
    // Four steps of 0.1 along gradients of order one, whose perturbations differ by rounding.
    expect(largestDifference(trained({ iterations: { decay: 0 } }), plain)).toBeLessThan(1e-5);
    expect(largestDifference(trained({ iterations: { rank: 1 } }), plain)).toBeLessThan(1e-5);
    expect(largestDifference(trained({ neighbours: { radius: 1e-6 } }), plain)).toBeLessThan(1e-5);
  });

  it('train otherwise away from them', () => {
    const plain = trained({});
    expect(largestDifference(trained({ iterations: {} }), plain)).toBeGreaterThan(1e-4);
    expect(largestDifference(trained({ neighbours: { radius: 0.5 } }), plain)).toBeGreaterThan(1e-4);
  });

  it('draw from the seed alone', () => {
    const radius = 0.5;
    expect(trained({ neighbours: { radius, seed: 1 } })).toEqual(
      trained({ neighbours: { radius, seed: 1 } }),
    );
    expect(trained({ neighbours: { radius, seed: 1 } })).not.toEqual(
      trained({ neighbours: { radius, seed: 2 } }),
    );
  });
});
