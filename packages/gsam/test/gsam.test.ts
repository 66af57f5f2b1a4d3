import * as tf from '@tensorflow/tfjs';
import {
  elementwiseMetric,
  linearDecay,
  mongeMetric,
  SharpnessAwareOptimizer,
  sgd,
  sharpnessAware,
} from '@tfjs-sam/core';
import { backendNames, describeGolden, describeVariant, toyProblem, useBackend } from '@tfjs-sam/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { gsam, rhoFromLearningRate, surrogateGap } from '../src/index.js';

describeGolden({
  variant: 'gsam',
  create: (base, { hyper }) => {
    // The scheduled trajectory lets ρ fall as a learning rate that falls linearly to 0 over rho_T steps does.
    const learningRate = linearDecay(0.05, 0, Number(hyper.rho_T ?? 1));
    const rho =
      hyper.rho ?? rhoFromLearningRate({ rhoMax: hyper.rho_max!, rhoMin: hyper.rho_min!, learningRate });
    const metric = hyper.adaptive ? elementwiseMetric({ eta: 0 }) : undefined;
    return gsam(base, { rho, alpha: hyper.alpha, metric });
  },
});

describeVariant({ name: 'gsam', create: (base, options) => gsam(base, options) });

describe('rhoFromLearningRate', () => {
  it('is rhoMax at the highest and rhoMin at the lowest learning rate, and on the line between', () => {
    const rate = fc.integer({ min: 1, max: 1000 }).map((share) => share / 1000);
    fc.assert(
      fc.property(rate, rate, rate, rate, (rhoMax, rhoMin, high, share) => {
        const low = high * share * 0.9;
        const schedule = rhoFromLearningRate({
          rhoMax,
          rhoMin,
          learningRate: linearDecay(high, low, 4),
          maxLearningRate: high,
          minLearningRate: low,
        });
        // Learning rates that fall in a line give radii that fall in a line; float64 rounding of (lr − lr_min).
        const tolerance = (rhoMax + rhoMin) * 2 ** -44;
        for (let step = 0; step <= 4; step++) {
          const expected = rhoMax + ((rhoMin - rhoMax) * step) / 4;
          expect(Math.abs(schedule(step) - expected)).toBeLessThanOrEqual(tolerance);
        }
      }),
      { seed: 7 },
    );
  });

  it('takes the schedule’s first value and 0 as bounds, and writes itself down', () => {
    const learningRate = linearDecay(0.2, 0, 10);
    const schedule = rhoFromLearningRate({ rhoMax: 0.4, rhoMin: 0.1, learningRate });
    expect([schedule(0), schedule(5), schedule(10)]).toEqual([0.4, 0.25, 0.1]);
    expect(schedule.config).toEqual({
      name: 'rho-from-learning-rate',
      rhoMax: 0.4,
      rhoMin: 0.1,
      learningRate: { name: 'linear', from: 0.2, to: 0, steps: 10 },
      minLearningRate: 0,
    });
  });

  it('survives saving and loading of the optimizer', () => {
    const rho = rhoFromLearningRate({ rhoMax: 0.4, rhoMin: 0.1, learningRate: linearDecay(0.2, 0, 10) });
    const optimizer = gsam(sgd({ learningRate: 0.1 }), { rho, alpha: 0.3 });
    const config = optimizer.getConfig();
    const written = JSON.parse(JSON.stringify(config)) as tf.serialization.ConfigDict;
    const loaded = SharpnessAwareOptimizer.fromConfig(SharpnessAwareOptimizer, written);
    expect(loaded.getConfig()).toEqual(config);
  });

  it('refuses what is no radius or learning rate', () => {
    const good = { rhoMax: 0.1, rhoMin: 0.05, learningRate: 0.1 };
    expect(() => rhoFromLearningRate({ ...good, rhoMin: -1 })).toThrow(
      new RangeError('rhoFromLearningRate: expected rhoMin to be a finite number >= 0, got -1'),
    );
    expect(() => rhoFromLearningRate({ ...good, minLearningRate: 0.1 })).toThrow(
      new RangeError(
        'rhoFromLearningRate: expected maxLearningRate to be above minLearningRate, got 0.1 and 0.1',
      ),
    );
    expect(() => rhoFromLearningRate({ ...good, learningRate: '0.1' as unknown as number })).toThrow(
      new TypeError(
        'rhoFromLearningRate: expected learningRate to be a number or a schedule (step) => number, got "0.1"',
      ),
    );
  });
});

describe.each([...backendNames])('gsam on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  const steps = (optimizer: tf.Optimizer) => {
    const problem = toyProblem();
    for (let i = 0; i < 4; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
    const values = problem.values();
    optimizer.dispose();
    problem.dispose();
    return values.flat();
  };
  const base = () => sgd({ learningRate: 0.1, momentum: 0.9 });

  it('is SAM at alpha 0, bit for bit', () => {
    expect(steps(gsam(base(), { alpha: 0 }))).toEqual(steps(sharpnessAware(base(), { rho: 0.05 })));
  });

  it('is the combiner with the strategies that it is given', () => {
    const metric = mongeMetric();
    const composed = sharpnessAware(base(), { rho: 0.2, metric, combine: surrogateGap({ alpha: 0.7 }) });
    expect(steps(gsam(base(), { rho: 0.2, metric, alpha: 0.7 }))).toEqual(steps(composed));
  });

  it('takes g from the descent objective where the perturbation climbs another', () => {
    // Closed form on ½‖a∘w‖², the perturbation climbing −w₀: g and gₚ are a²∘w at w and at w + δ, δ = (−ρ, 0).
    const [w, a, rho, alpha, rate] = [[0.3, -0.8], [1.5, 0.5], 0.1, 0.6, 0.2] as const;
    const g = w.map((x, i) => a[i]! ** 2 * x);
    const p = [w[0] - rho, w[1]].map((x, i) => a[i]! ** 2 * x);
    const c = (g[0]! * p[0]! + g[1]! * p[1]!) / (p[0]! ** 2 + p[1]! ** 2);
    const expected = w.map((x, i) => x - rate * (p[i]! - alpha * (g[i]! - c * p[i]!)));

    const weights = tf.variable(tf.tensor1d([...w]));
    const scales = tf.tensor1d([...a]);
    const closure = (objective?: 'ascent' | 'descent') =>
      objective === 'ascent'
        ? (tf.neg(tf.sum(tf.slice(weights, [0], [1]))) as tf.Scalar)
        : (tf.mul(0.5, tf.sum(tf.square(tf.mul(weights, scales)))) as tf.Scalar);
    const optimizer = gsam(sgd({ learningRate: rate }), { rho, alpha, objective: 'ascent' });
    optimizer.minimize(closure, false, [weights]);
    // Some ten roundings of numbers below 1.
    for (const [i, value] of [...weights.dataSync()].entries()) {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(10 * 2 ** -24);
    }
    tf.dispose([weights, scales]);
  });

  it('evaluates two gradients a step, three where the perturbation climbs another objective', () => {
    const problem = toyProblem();
    const count = (optimizer: tf.Optimizer) => {
      let calls = 0;
      optimizer.minimize(
        () => {
          calls += 1;
          return problem.loss(0);
        },
        false,
        problem.variables,
      );
      return calls;
    };
    expect(count(gsam(sgd({ learningRate: 0.1 })))).toBe(2);
    expect(count(gsam(sgd({ learningRate: 0.1 }), { objective: 'ascent' }))).toBe(3);
    problem.dispose();
  });
});

describe('gsam', () => {
  it('refuses a negative alpha and a negative rho', () => {
    const base = sgd({ learningRate: 0.1 });
    expect(() => gsam(base, { alpha: -0.1 })).toThrow(
      new RangeError('gsam: expected alpha to be a finite number >= 0, got -0.1'),
    );
    expect(() => gsam(base, { rho: Number.NaN })).toThrow(
      new RangeError('gsam: expected rho to be a finite number >= 0, got NaN'),
    );
  });
});
