import * as tf from '@tensorflow/tfjs';
import { mongeMetric, SharpnessAwareOptimizer, sgd, sharpnessAware } from '@tfjs-sam/core';
import { backendNames, describeGolden, describeVariant, toyProblem, useBackend } from '@tfjs-sam/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { batchNoise, type FriendlySamOptions, friendlySam } from '../src/index.js';

describeGolden({
  variant: 'friendly_sam',
  create: (base, { hyper }) => friendlySam(base, { rho: hyper.rho, sigma: hyper.sigma, lambda: hyper.lmbda }),
});

describeVariant({ name: 'friendly-sam', create: (base, options) => friendlySam(base, options) });

describe.each([...backendNames])('friendly-sam on %s', (backend) => {
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

  /** The displacements of linear losses whose gradients are given, one a step, and the weights after it. */
  function displacements(gradients: readonly (readonly number[])[], options: FriendlySamOptions) {
    const weights = tf.variable(tf.zeros([gradients[0]!.length]));
    const optimizer = friendlySam(sgd({ learningRate: 0 }), options);
    const moved = gradients.map((gradient) => {
      const places: number[][] = [];
      const loss = () => {
        places.push([...weights.dataSync()]);
        return tf.sum(tf.mul(weights, tf.tensor1d([...gradient]))) as tf.Scalar;
      };
      optimizer.minimize(loss, false, [weights]);
      return places[1]!;
    });
    optimizer.dispose();
    weights.dispose();
    return moved;
  }

  it('climbs g − σ m, whose length is ρ, for gradients of any kind', () => {
    const gradient = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 2, maxLength: 2 });
    const shares = fc.integer({ min: 0, max: 7 }).map((eighths) => eighths / 8);
    fc.assert(
      fc.property(fc.tuple(gradient, gradient, gradient), shares, shares, (gradients, sigma, lambda) => {
        let average = gradients[0];
        const wanted = gradients.map((g, step) => {
          const d = g.map((x, i) => (step === 0 ? x : x - sigma * average[i]!));
          if (step > 0) average = average.map((x, i) => lambda * x + (1 - lambda) * g[i]!);
          const length = Math.hypot(...d);
          return d.map((x) => (length === 0 ? 0 : (0.5 * x) / length));
        });
        const actual = displacements(gradients, { rho: 0.5, sigma, lambda });
        // d is a multiple of 1/512, exact in float32; its normalisation rounds some ten times.
        for (const [i, x] of actual.flat().entries()) {
          expect(Math.abs(x - wanted.flat()[i]!)).toBeLessThanOrEqual(10 * 2 ** -24);
        }
      }),
      { seed: 3, numRuns: 40 },
    );
  });

  it('leaves nothing to climb where the gradient never changes', () => {
    const always = [0.1, -0.7, 3.3];
    const [first, ...later] = displacements([always, always, always, always], { rho: 0.5 });
    expect(Math.hypot(...first!)).toBeCloseTo(0.5, 6);
    expect(later.flat().every((x) => x === 0)).toBe(true);
  });

  it('is SAM at sigma 0, bit for bit', () => {
    expect(steps(friendlySam(base(), { sigma: 0, rho: 0.2 }))).toEqual(
      steps(sharpnessAware(base(), { rho: 0.2 })),
    );
  });

  it('is its direction with the strategies that it is given', () => {
    const metric = mongeMetric();
    const ascent = batchNoise({ sigma: 0.5, lambda: 0.6 });
    const own = friendlySam(base(), { rho: 0.2, sigma: 0.5, lambda: 0.6, metric });
    expect(steps(own)).toEqual(steps(sharpnessAware(base(), { rho: 0.2, metric, ascent })));
  });

  it('hands its direction to an ascent of the user’s', () => {
    const seen: number[] = [];
    const ascent = (direction: tf.Tensor[]) => {
      seen.push(...direction.map(({ size }) => size));
      return direction.map((tensor) => tf.neg(tensor));
    };
    const turned = steps(friendlySam(base(), { rho: 0.2, ascent }));
    expect(seen).toHaveLength(4 * 4);
    expect(turned).not.toEqual(steps(friendlySam(base(), { rho: 0.2 })));
  });

  it('begins anew after first steps that were skipped', () => {
    const run = (skipped: number) => {
      const problem = toyProblem();
      const optimizer = friendlySam(base(), { rho: 0.2, onNonFinite: 'skip' });
      const nan = () => tf.mul(problem.loss(0), Number.NaN) as tf.Scalar;
      for (let i = 0; i < skipped; i++) optimizer.minimize(nan, false, problem.variables);
      for (let i = 0; i < 4; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
      const values = problem.values();
      optimizer.dispose();
      problem.dispose();
      return values;
    };
    const clean = run(0);
    expect(run(1)).toEqual(clean);
    expect(run(2)).toEqual(clean);
  });

  it('starts a variable that joins later from its own gradient', () => {
    const [x, y] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(1))];
    const places: number[] = [];
    const loss = () => {
      places.push(y.dataSync()[0]! - 1);
      return tf.add(x, tf.mul(2, y)) as tf.Scalar;
    };
    const optimizer = friendlySam(sgd({ learningRate: 0 }), { rho: 0.5 });
    optimizer.minimize(loss, false, [x]);
    for (let i = 0; i < 2; i++) optimizer.minimize(loss, false, [x, y]);
    // Evaluations in pairs: at θ, and at θ + δ. Gradients are constant: y is climbed along once, x not any more.
    expect(places).toEqual([0, 0, 0, 0.5, 0, 0]);
    optimizer.dispose();
    tf.dispose([x, y]);
  });
});

describe('friendly-sam', () => {
  beforeAll(() => useBackend('cpu'));

  it('refuses a lambda outside [0, 1), a negative sigma or rho, and an ascent that is no function', () => {
    const base = sgd({ learningRate: 0.1 });
    expect(() => friendlySam(base, { lambda: 1 })).toThrow(
      new RangeError('friendly-sam: expected lambda to be in [0, 1), got 1'),
    );
    expect(() => friendlySam(base, { sigma: -1 })).toThrow(
      new RangeError('friendly-sam: expected sigma to be a finite number >= 0, got -1'),
    );
    expect(() => friendlySam(base, { rho: -1 })).toThrow(
      new RangeError('friendly-sam: expected rho to be a finite number >= 0, got -1'),
    );
    expect(() => friendlySam(base, { ascent: 3 as never })).toThrow(
      new TypeError('friendly-sam: expected ascent to be a function (gradient, oracle) => direction'),
    );
  });

  it('survives saving and loading, as a variant and as a direction', () => {
    const made = [
      friendlySam(sgd({ learningRate: 0.1 }), { sigma: 0.7, ascent: batchNoise() }),
      sharpnessAware(sgd({ learningRate: 0.1 }), { ascent: batchNoise({ lambda: 0.5 }) }),
    ];
    for (const optimizer of made) {
      const written = JSON.parse(JSON.stringify(optimizer.getConfig())) as tf.serialization.ConfigDict;
      const loaded = SharpnessAwareOptimizer.fromConfig(SharpnessAwareOptimizer, written);
      expect(loaded.getConfig()).toEqual(written);
    }
    expect(made[1]!.getConfig()).toMatchObject({
      ascent: { name: 'batch-noise', sigma: 1, lambda: 0.5 },
    });
  });
});
