import type * as tf from '@tensorflow/tfjs-core';
import { mongeMetric, sgd, sharpnessAware } from '@tfjs-sam/core';
import { describeGolden, describeVariant, toyProblem } from '@tfjs-sam/testing';
import { describe, expect, it } from 'vitest';
import { fisherSam } from '../src/index.js';

describeGolden({
  variant: 'fisher_sam',
  create: (base, { hyper }) => fisherSam(base, { rho: hyper.rho, eta: hyper.eta }),
});

describeVariant({ name: 'fisher-sam', create: fisherSam });
describeVariant({
  name: 'fisher-sam with a moving average',
  create: (base, options) => fisherSam(base, { ...options, decay: 0.9 }),
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

describe('fisherSam', () => {
  const base = () => sgd({ learningRate: 0.1 });

  it('names what is wrong with an option', () => {
    expect(() => fisherSam(base(), { eta: -1 })).toThrow(
      new RangeError('fisher-sam: expected eta to be a finite number >= 0, got -1'),
    );
    expect(() => fisherSam(base(), { decay: 1 })).toThrow(
      new RangeError('fisher-sam: expected decay to be in [0, 1), got 1'),
    );
    expect(() => fisherSam(base(), { rho: -0.1 })).toThrow(RangeError);
    expect(() => fisherSam(base(), { perExample: [] as never })).toThrow(TypeError);
  });

  it('says at the step when perExample gives no closure', () => {
    const problem = toyProblem();
    const optimizer = fisherSam(base(), { perExample: () => [] });
    expect(() => optimizer.minimize(() => problem.loss(0), false, problem.variables)).toThrow(
      'fisherMetric: expected perExample to give at least one closure, got none at step 0',
    );
    optimizer.dispose();
    problem.dispose();
  });

  it('asks perExample once per step, and evaluates each of its closures once', () => {
    const problem = toyProblem();
    const asked: number[] = [];
    let evaluations = 0;
    const part = (batch: number) => () => {
      evaluations += 1;
      return problem.loss(batch);
    };
    const optimizer = fisherSam(base(), {
      perExample: (step) => {
        asked.push(step);
        return [part(0), part(1), part(2)];
      },
    });
    for (let i = 0; i < 2; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
    expect(asked).toEqual([0, 1]);
    expect(evaluations).toBe(6);
    optimizer.dispose();
    problem.dispose();
  });

  it('has the published defaults', () => {
    expect(trained(fisherSam)).toEqual(trained((given) => fisherSam(given, { rho: 0.1, eta: 1 })));
    expect(trained(fisherSam)).not.toEqual(trained((given) => fisherSam(given, { rho: 0.05 })));
    expect(trained(fisherSam)).not.toEqual(trained((given) => fisherSam(given, { eta: 0 })));
  });

  it('takes another metric in place of its own', () => {
    const other = trained((given) => fisherSam(given, { metric: mongeMetric() }));
    expect(other).toEqual(trained((given) => sharpnessAware(given, { rho: 0.1, metric: mongeMetric() })));
  });
});
