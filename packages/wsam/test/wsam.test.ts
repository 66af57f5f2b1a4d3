import * as tf from '@tensorflow/tfjs';
import {
  clipByGlobalNorm,
  elementwiseMetric,
  linearDecay,
  SharpnessAwareOptimizer,
  sgd,
  sharpnessAware,
} from '@tfjs-sam/core';
import { backendNames, describeGolden, describeVariant, toyProblem, useBackend } from '@tfjs-sam/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { wsam } from '../src/index.js';

describeGolden({
  variant: 'wsam',
  create: (base, { hyper }) =>
    wsam(base, {
      rho: hyper.rho,
      gamma: hyper.gamma,
      decouple: Boolean(hyper.decouple),
      metric: hyper.adaptive ? elementwiseMetric({ eta: 0 }) : undefined,
    }),
});

describeVariant({ name: 'wsam', create: (base, options) => wsam(base, options) });

/** A quadratic loss ½ Σ (aᵢ wᵢ)², whose gradient is a² w. */
function quadratic(w: readonly number[], a: readonly number[]) {
  const weights = tf.variable(tf.tensor1d([...w]));
  const scales = tf.tensor1d([...a]);
  return {
    weights,
    loss: () => tf.mul(0.5, tf.sum(tf.square(tf.mul(weights, scales)))) as tf.Scalar,
    values: () => [...weights.dataSync()],
    dispose: () => tf.dispose([weights, scales]),
  };
}

interface Settings {
  readonly w: readonly number[];
  readonly a: readonly number[];
  readonly rho: number;
  readonly gamma: number;
  readonly momentum: number;
  readonly decouple: boolean;
  /** Learning rate of each step. */
  readonly rates: readonly number[];
  /** T of ASAM: |w| or 1. */
  readonly stretch: (w: number) => number;
}

/** The rule in float64, by hand. */
function expected({ w: start, a, rho, gamma, momentum, decouple, rates, stretch }: Settings): number[] {
  const alpha = gamma / (1 - gamma);
  let w = [...start];
  let velocity = w.map(() => 0);
  const gradientAt = (point: readonly number[]) => point.map((x, i) => a[i]! ** 2 * x);
  for (const rate of rates) {
    const g = gradientAt(w);
    const length = Math.hypot(...g.map((x, i) => stretch(w[i]!) * x));
    const moved = w.map((x, i) => x + (rho * stretch(x) ** 2 * g[i]!) / length);
    const p = gradientAt(moved);
    const handed = decouple ? g : g.map((x, i) => (1 - alpha) * x + alpha * p[i]!);
    velocity = velocity.map((v, i) => momentum * v + handed[i]!);
    const beside = (i: number) => (decouple ? rate * alpha * (p[i]! - g[i]!) : 0);
    w = w.map((x, i) => x - rate * velocity[i]! - beside(i));
  }
  return w;
}

function expectWithin(actual: readonly number[], wanted: readonly number[], tolerance: number): void {
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - wanted[i]!)));
  expect(worst).toBeLessThanOrEqual(tolerance);
}

describe.each([...backendNames])('wsam on %s', (backend) => {
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

  it.each([
    ['decoupled', true, false],
    ['coupled', false, false],
    ['decoupled and adaptive', true, true],
    ['coupled and adaptive', false, true],
  ] as const)('is the formula, %s, with momentum and a scheduled learning rate', (_, decouple, adaptive) => {
    const settings: Settings = {
      w: [0.3, -0.8, 1.1],
      a: [1.5, 0.5, 1],
      rho: 0.1,
      gamma: 0.8,
      momentum: 0.5,
      decouple,
      rates: [0.2, 0.15, 0.1],
      stretch: adaptive ? Math.abs : () => 1,
    };
    const { weights, loss, values, dispose } = quadratic(settings.w, settings.a);
    const optimizer = wsam(sgd({ learningRate: linearDecay(0.2, 0, 4), momentum: 0.5 }), {
      rho: settings.rho,
      gamma: settings.gamma,
      decouple,
      metric: adaptive ? elementwiseMetric({ eta: 0 }) : undefined,
    });
    for (const _rate of settings.rates) optimizer.minimize(loss, false, [weights]);
    // Three steps of some twenty roundings of numbers below 8.
    expectWithin(values(), expected(settings), 3 * 20 * 8 * 2 ** -24);
    optimizer.dispose();
    dispose();
  });

  it('is the base optimizer at gamma 0 and, coupled, SAM at gamma 1/2, bit for bit', () => {
    expect(steps(wsam(base(), { gamma: 0 }))).toEqual(steps(base()));
    expect(steps(wsam(base(), { gamma: 0, decouple: false }))).toEqual(steps(base()));
    const sam = sharpnessAware(base(), { rho: 0.2 });
    expect(steps(wsam(base(), { gamma: 0.5, decouple: false, rho: 0.2 }))).toEqual(steps(sam));
  });

  it('has two forms that differ by momentum alone', () => {
    const entries = fc.array(fc.integer({ min: -16, max: 16 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(entries, entries, fc.integer({ min: 0, max: 7 }), (w, a, eighths) => {
        const run = (decouple: boolean, momentum: number) => {
          const problem = quadratic(
            w.map((x) => x / 8),
            a.map((x) => x / 16),
          );
          const optimizer = wsam(sgd({ learningRate: 0.1, momentum }), {
            rho: 0.5,
            gamma: eighths / 8,
            decouple,
          });
          for (let i = 0; i < 2; i++) optimizer.minimize(problem.loss, false, [problem.weights]);
          const values = problem.values();
          optimizer.dispose();
          problem.dispose();
          return values;
        };
        // Two steps of some twenty roundings; α is at most 7, gradients at most 3, so no number is above 24.
        expectWithin(run(true, 0), run(false, 0), 2 * 20 * 24 * 2 ** -24);
      }),
      { seed: 5, numRuns: 30 },
    );
    expect(steps(wsam(base()))).not.toEqual(steps(wsam(base(), { decouple: false })));
  });

  it('scales its whole step by a group’s learning rate', () => {
    const run = (learningRate: number) => {
      const { weights, loss, values, dispose } = quadratic([0.5, -0.25], [1, 2]);
      const groups = [{ match: () => true, learningRate }];
      const optimizer = wsam(sgd({ learningRate: 0.125 }), { rho: 0.5, groups });
      optimizer.minimize(loss, false, [weights]);
      const moved = values().map((value, i) => value - [0.5, -0.25][i]!);
      optimizer.dispose();
      dispose();
      return moved;
    };
    const once = run(1);
    // The scaled step is added to weights below 1 and rounded there.
    expectWithin(
      run(0.5),
      once.map((x) => x / 2),
      2 ** -23,
    );
    expect(once.every((x) => Math.abs(x) > 0.01)).toBe(true);
    expect(run(0)).toEqual([0, 0]);
  });

  it('skips a step whose perturbed gradient alone is not finite', () => {
    const { weights, loss, values, dispose } = quadratic([0.5, -0.25], [1, 2]);
    const optimizer = wsam(base(), { onNonFinite: 'skip' });
    optimizer.minimize(loss, false, [weights]);
    const before = values();
    let calls = 0;
    const broken = () => (++calls === 2 ? (tf.mul(loss(), Number.NaN) as tf.Scalar) : loss());
    optimizer.minimize(broken, false, [weights]);
    expect(values()).toEqual(before);
    optimizer.minimize(loss, false, [weights]);
    expect(values()).not.toEqual(before);
    expect(values().every(Number.isFinite)).toBe(true);
    optimizer.dispose();
    dispose();
  });

  it('takes micro-batches as their mean, and averages the corrections of their own perturbations', () => {
    const run = (sharpness: 'shared' | 'per-micro-batch' | undefined) => {
      const problem = toyProblem();
      const optimizer = wsam(base(), { rho: 0.2 });
      for (let i = 0; i < 3; i++) {
        const parts = [() => problem.loss(i), () => problem.loss(i + 1)];
        const mean = () => tf.mean(tf.stack(parts.map((part) => part()))) as tf.Scalar;
        if (sharpness) optimizer.minimizeOver(parts, { varList: problem.variables, sharpness });
        else optimizer.minimize(mean, false, problem.variables);
      }
      const values = problem.values().flat();
      optimizer.dispose();
      problem.dispose();
      return values;
    };
    // Three steps whose order of roundings differs, of weights and gradients below 2; α is 9.
    expectWithin(run('shared'), run(undefined), 3 * 9 * 8 * 2 ** -24);
    const own = run('per-micro-batch');
    expect(own).not.toEqual(run('shared'));
    expect(own.every(Number.isFinite)).toBe(true);
  });
});

describe('wsam', () => {
  beforeAll(() => useBackend('cpu'));

  it('refuses a gamma outside [0, 1), a negative rho and a decouple that is no boolean', () => {
    const base = sgd({ learningRate: 0.1 });
    expect(() => wsam(base, { gamma: 1 })).toThrow(
      new RangeError('wsam: expected gamma to be in [0, 1), got 1'),
    );
    expect(() => wsam(base, { gamma: -0.1 })).toThrow(RangeError);
    expect(() => wsam(base, { rho: -1 })).toThrow(
      new RangeError('wsam: expected rho to be a finite number >= 0, got -1'),
    );
    expect(() => wsam(base, { decouple: 'no' as unknown as boolean })).toThrow(
      new TypeError('wsam: expected decouple to be a boolean, got "no"'),
    );
  });

  it('has no gradients to give away where it is decoupled', () => {
    const problem = toyProblem();
    const optimizer = wsam(sgd({ learningRate: 0.1 }));
    expect(() => optimizer.computeGradients(() => problem.loss(0), problem.variables)).toThrow(
      'wsam: expected minimize, got computeGradients',
    );
    const coupled = wsam(sgd({ learningRate: 0.1 }), { decouple: false });
    const { value, grads } = coupled.computeGradients(() => problem.loss(0), problem.variables);
    expect(Object.keys(grads)).toHaveLength(4);
    tf.dispose([value, grads]);
    for (const each of [optimizer, coupled, problem]) each.dispose();
  });

  it('works around a clipped base', () => {
    const problem = toyProblem();
    const before = problem.values();
    const optimizer = wsam(clipByGlobalNorm(sgd({ learningRate: 0.1 }), 0.5));
    optimizer.minimize(() => problem.loss(0), false, problem.variables);
    expect(problem.values()).not.toEqual(before);
    optimizer.dispose();
    problem.dispose();
  });

  it('needs a base with a learning rate only where it is decoupled', () => {
    class Rateless extends tf.Optimizer {
      override applyGradients(): void {}
      override getConfig(): tf.serialization.ConfigDict {
        return {};
      }
    }
    const x = tf.variable(tf.scalar(1));
    const step = (decouple: boolean) =>
      wsam(new Rateless(), { decouple }).minimize(() => tf.square(x) as tf.Scalar, false, [x]);
    expect(() => step(true)).toThrow(
      new Error('wsam: expected a base optimizer with a learningRate, got NaN'),
    );
    step(false);
    x.dispose();
  });

  it('survives saving and loading', () => {
    const optimizer = wsam(sgd({ learningRate: 0.1 }), { gamma: 0.7, decouple: false });
    const written = JSON.parse(JSON.stringify(optimizer.getConfig())) as tf.serialization.ConfigDict;
    expect(written).toMatchObject({ variant: 'wsam', gamma: 0.7, decouple: false });
    const loaded = SharpnessAwareOptimizer.fromConfig(SharpnessAwareOptimizer, written);
    expect(loaded.getConfig()).toEqual(written);
  });
});
