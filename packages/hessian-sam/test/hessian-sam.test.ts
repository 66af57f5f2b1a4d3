import * as tf from '@tensorflow/tfjs-core';
import { sgd, sharpnessAware } from '@tfjs-sam/core';
import { describeVariant, toyProblem } from '@tfjs-sam/testing';
import { describe, expect, it } from 'vitest';
import { type HessianSamOptions, hessianSam } from '../src/index.js';

const often = { refreshEvery: 2 };
describeVariant({
  name: 'hessian-sam (diagonal)',
  refusesRuns: 'curvature is of one run',
  create: (base, options) => hessianSam(base, { ...often, ...options }),
});
describeVariant({
  name: 'hessian-sam (low-rank)',
  refusesRuns: 'curvature is of one run',
  create: (base, options) =>
    hessianSam(base, { ...often, kind: 'low-rank', rank: 2, iterations: 2, ...options }),
});

/** The weights after some steps on the toy problem. */
function trained(create: (base: tf.Optimizer) => tf.Optimizer): number[][] {
  const problem = toyProblem();
  const optimizer = create(sgd({ learningRate: 0.1 }));
  for (let i = 0; i < 3; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
  const values = problem.values();
  optimizer.dispose();
  problem.dispose();
  return values;
}

describe('hessianSam', () => {
  const base = () => sgd({ learningRate: 0.05 });

  it('names what is wrong with an option', () => {
    expect(() => hessianSam(base(), { kind: 'full' as never })).toThrow(
      new RangeError(
        'hessian-sam: expected kind to be one of [diagonal, low-rank, gauss-newton], got "full"',
      ),
    );
    expect(() => hessianSam(base(), { damping: 0 })).toThrow(
      new RangeError('hessian-sam: expected damping to be a finite number > 0, got 0'),
    );
    expect(() => hessianSam(base(), { kind: 'low-rank', rank: 3, iterations: 2 })).toThrow(
      new RangeError('hessianLowRankMetric: expected iterations to be an integer >= 3, got 2'),
    );
    expect(() => hessianSam(base(), { kind: 'gauss-newton' })).toThrow(TypeError);
  });

  /** Evaluations of the closure in each of the first steps. */
  function evaluations(options: HessianSamOptions, steps: number): number[] {
    const problem = toyProblem();
    const optimizer = hessianSam(base(), options);
    const counts = Array.from({ length: steps }, (_, step) => {
      let count = 0;
      const loss = () => {
        count += 1;
        return problem.loss(step);
      };
      optimizer.minimize(loss, false, problem.variables);
      return count;
    });
    optimizer.dispose();
    problem.dispose();
    return counts;
  }

  it('costs what it says: two gradients, and more only at a refresh', () => {
    // A refresh: two gradients for each product, and a value that notes the kinks at θ.
    expect(evaluations({ refreshEvery: 3, probes: 2 }, 4)).toEqual([7, 2, 2, 7]);
    expect(evaluations({ kind: 'low-rank', refreshEvery: 2, rank: 1, iterations: 3 }, 3)).toEqual([9, 2, 9]);
  });

  it('has the defaults that its documentation says', () => {
    const diagonal = {
      rho: 0.05,
      kind: 'diagonal',
      damping: 1,
      decay: 0.9,
      probes: 1,
      refreshEvery: 10,
      seed: 0,
    } as const;
    expect(trained(hessianSam)).toEqual(trained((given) => hessianSam(given, diagonal)));
    const lowRank = { kind: 'low-rank', rank: 4, iterations: 8, refreshEvery: 10, seed: 0 } as const;
    const byKind = trained((given) => hessianSam(given, { kind: 'low-rank' }));
    expect(byKind).toEqual(trained((given) => hessianSam(given, lowRank)));
    expect(byKind).not.toEqual(trained(hessianSam));
  });

  it('is SAM in the limit of a large damping with a radius to match', () => {
    // G = (|D| + λ)I: δ = ρ/√λ g/‖g‖ up to a part |D|/2λ.
    const damped = trained((given) => hessianSam(given, { damping: 1e8, rho: 0.05 * 1e4 })).flat();
    const plain = trained((given) => sharpnessAware(given, { rho: 0.05 })).flat();
    expect(Math.max(...damped.map((x, i) => Math.abs(x - plain[i]!)))).toBeLessThan(1e-5);
  });

  it('takes the Gauss–Newton matrix of given outputs', () => {
    const weight = tf.variable(tf.tensor2d([[0.3, -0.2, 0.1]]));
    const x = tf.tensor2d([[1], [-2], [0.5]]);
    const labels = tf.tensor2d([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    const outputs = () => tf.matMul(x, weight as unknown as tf.Tensor2D);
    const loss = () => tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(outputs())), -1))) as tf.Scalar;
    const optimizer = hessianSam(base(), { kind: 'gauss-newton', outputs });
    const before = loss().dataSync()[0]!;
    for (let i = 0; i < 20; i++) optimizer.minimize(loss, false, [weight]);
    expect(loss().dataSync()[0]).toBeLessThan(before);
    optimizer.dispose();
    tf.dispose([weight, x, labels]);
  });
});
