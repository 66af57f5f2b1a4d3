import * as tf from '@tensorflow/tfjs-core';
import {
  ascentStep,
  composePerturbation,
  elementwiseMetric,
  euclideanMetric,
  fisherMetric,
  type GradientOracle,
  gaussNewtonMetric,
  hessianDiagonalMetric,
  hessianLowRankMetric,
  type InnerProduct,
  map,
  materialise,
  mongeMetric,
  type ParamVector,
  type PerturbationMetric,
  SharpnessAwareOptimizer,
  seededSampler,
  sgd,
  symmetricEigen,
} from '@tfjs-sam/core';
import { backendNames, type MetricProblem, metricProblem, useBackend } from '@tfjs-sam/testing';
import fc from 'fast-check';
import { Matrix, solve } from 'ml-matrix';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { eigenSmall, invertSmall } from '../src/curvature/small-matrix.js';

const flat = (x: readonly tf.Tensor[]) => x.flatMap((tensor) => [...tensor.dataSync()]);
const distance = (x: readonly number[], y: readonly number[]) => Math.hypot(...x.map((a, i) => a - y[i]!));
const dotOf = (x: readonly number[], y: readonly number[]) => x.reduce((sum, a, i) => sum + a * y[i]!, 0);

/** Runs `look` in each of some steps of training, where the metric is used as a rule uses it. */
function inSteps(
  problem: MetricProblem,
  metric: PerturbationMetric,
  steps: number,
  look: (inner: InnerProduct, gradient: ParamVector, oracle: GradientOracle) => void,
): void {
  const rule = {
    name: 'look',
    direction: (oracle: GradientOracle) => {
      const { loss, gradient } = oracle.evaluate();
      look(metric.at(gradient, oracle), gradient, oracle);
      return { loss, direction: gradient };
    },
  };
  const optimizer = new SharpnessAwareOptimizer(sgd({ learningRate: 0.05 }), rule);
  for (let i = 0; i < steps; i++) optimizer.minimize(problem.loss, false, problem.variables);
  optimizer.dispose();
}

/** The matrix of an inner product over one variable of shape [n]. */
function matrixOf(inner: InnerProduct, n: number): number[][] {
  const unit = (i: number) => tf.tensor1d(Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
  return Array.from({ length: n }, (_, i) => flat(inner.apply([unit(i)])));
}

const identity = (n: number) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
const addOuter = (matrix: number[][], weight: number, h: readonly number[]) =>
  matrix.map((row, i) => row.map((x, j) => x + weight * h[i]! * h[j]!));
/** Float32 rounding of sums of some ten products. */
const ROUNDING = 2e-6;

function expectMatrix(actual: number[][], expected: number[][], tolerance = ROUNDING): void {
  expect(distance(actual.flat(), expected.flat())).toBeLessThan(tolerance * Math.hypot(...expected.flat()));
}

/** The Hessian's eigenpairs at the oracle's θ of one variable of shape [n], from a difference per coordinate. */
function denseHessian(oracle: GradientOracle, n: number) {
  const h = 1e-2;
  const columns = identity(n).map((unit) => {
    const at = (sign: number) =>
      flat(oracle.evaluate({ perturbation: [tf.tensor1d(unit.map((x) => sign * h * x))] }).gradient);
    const down = at(-1);
    return at(1).map((x, i) => (x - down[i]!) / (2 * h));
  });
  return symmetricEigen(columns.map((row, i) => row.map((x, j) => (x + columns[j]![i]!) / 2)));
}

/** I + Σ |λ| v vᵀ over the two largest. */
function topTwo(oracle: GradientOracle, n: number): number[][] {
  const { values, vectors } = denseHessian(oracle, n);
  return [0, 1].reduce<number[][]>((sum, k) => addOuter(sum, Math.abs(values[k]!), vectors[k]!), identity(n));
}

describe.each([...backendNames])('metrics on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('Monge’s perturbation is κ times SAM’s, κ = 1/√(1 + ‖g‖²)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(1e-3, 1, 100), (seed, scale) => {
        const problem = metricProblem([[2, 2], [3]], seed, scale);
        inSteps(problem, mongeMetric(), 1, (inner, gradient, oracle) => {
          const sam = flat(ascentStep(euclideanMetric().at(gradient, oracle), gradient, 0.1));
          const kappa = 1 / Math.hypot(1, ...flat(gradient));
          const monge = flat(ascentStep(inner, gradient, 0.1));
          expect(
            distance(
              monge,
              sam.map((x) => kappa * x),
            ),
          ).toBeLessThan(ROUNDING * kappa * 0.1);
        });
        problem.dispose();
      }),
      { numRuns: 9, seed: 1 },
    );
  });

  it('Fisher with η = 1 is the diagonal of Monge', () => {
    const problem = metricProblem([[5]], 8);
    inSteps(problem, mongeMetric(), 1, (monge, gradient, oracle) => {
      const diagonal = matrixOf(monge, 5).map((row, i) => row.map((x, j) => (i === j ? x : 0)));
      expectMatrix(matrixOf(fisherMetric().at(gradient, oracle), 5), diagonal);
    });
    problem.dispose();
  });

  it('Monge over iterations is I + Σ wⱼ gⱼgⱼᵀ over the last gradients, wⱼ ∝ decayʲ', () => {
    const problem = metricProblem([[4]], 9);
    const seen: number[][] = [];
    inSteps(problem, mongeMetric({ iterations: { rank: 3, decay: 0.6 } }), 5, (inner, gradient) => {
      seen.unshift(flat(gradient));
      const kept = seen.slice(0, 3);
      const total = kept.reduce((sum, _, j) => sum + 0.6 ** j, 0);
      const expected = kept.reduce<number[][]>(
        (sum, g, j) => addOuter(sum, 0.6 ** j / total, g),
        identity(4),
      );
      expectMatrix(matrixOf(inner, 4), expected);
    });
    expect(seen).toHaveLength(5);
    problem.dispose();
  });

  it('Monge over neighbours is I + the mean of h hᵀ over θ and the neighbours, at the distance asked for', () => {
    const problem = metricProblem([[4]], 10);
    const neighbours = { samples: 2, radius: 0.2, seed: 3 };
    inSteps(problem, mongeMetric({ neighbours }), 2, (inner, gradient, oracle) => {
      const others = [0, 1].map((index) => {
        const [draw] = seededSampler('gaussian', 3)([[4]], oracle.step, index);
        const perturbation = [tf.mul(draw!, 0.2 / Math.hypot(...flat([draw!])))];
        return flat(oracle.evaluate({ perturbation }).gradient);
      });
      const all = [flat(gradient), ...others];
      expectMatrix(
        matrixOf(inner, 4),
        all.reduce<number[][]>((sum, h) => addOuter(sum, 1 / 3, h), identity(4)),
      );
    });
    problem.dispose();
  });

  it('Fisher’s moving average weighs squares by age, the weights summing to one', () => {
    const problem = metricProblem([[3]], 11);
    const seen: number[][] = [];
    inSteps(problem, fisherMetric({ eta: 0.5, decay: 0.7 }), 4, (inner, gradient) => {
      seen.unshift(flat(gradient));
      const total = seen.reduce((sum, _, j) => sum + 0.7 ** j, 0);
      const average = [0, 1, 2].map((i) =>
        dotOf(
          seen.map((_, j) => 0.7 ** j / total),
          seen.map((g) => g[i]! ** 2),
        ),
      );
      const expected = identity(3).map((row, i) => row.map((x) => x * (1 + 0.5 * average[i]!)));
      expectMatrix(matrixOf(inner, 3), expected);
    });
    problem.dispose();
  });

  it('the diagonal Hessian metric averages |diag H|, exactly found where H is diagonal', () => {
    const theta = tf.variable(tf.tensor1d([0.5, -1, 2]));
    const problem: MetricProblem = {
      ...metricProblem([[1]], 0),
      variables: [theta],
      loss: () => tf.mul(0.5, tf.sum(tf.mul(tf.tensor1d([4, -3, 0]), tf.square(theta)))) as tf.Scalar,
    };
    const metric = hessianDiagonalMetric({ damping: 0.5, refreshEvery: 2, decay: 0.9 });
    inSteps(problem, metric, 3, (inner) => {
      const [diagonal] = [matrixOf(inner, 3).map((row, i) => row[i]!)];
      // The noise of differences: 2⁻²⁴ of the gradient (5) over 2·2⁻¹²·‖θ‖, for each of three entries.
      expect(distance(diagonal!, [4.5, 3.5, 0.5])).toBeLessThan(5e-3);
    });
    theta.dispose();
    problem.dispose();
  });

  it('the low-rank Hessian metric finds the top eigenpairs', () => {
    const n = 8;
    const problem = metricProblem([[n]], 12);
    const metric = hessianLowRankMetric({ rank: 2, iterations: n, refreshEvery: 2 });
    inSteps(problem, metric, 3, (inner, _gradient, oracle) => {
      // 2⁻²⁴ of gradients of some 30 over 2·2⁻¹²·‖θ‖, against eigenvalues of some 10.
      if (oracle.step % 2 === 0) expectMatrix(matrixOf(inner, n), topTwo(oracle, n), 5e-3);
    });
    problem.dispose();
  });

  it('warm starts find the top eigenpairs with fewer Lanczos steps, over several refreshes', () => {
    const n = 24;
    const problem = metricProblem([[n]], 13);
    const errors: number[] = [];
    const metric = hessianLowRankMetric({ rank: 2, iterations: 3, refreshEvery: 1 });
    inSteps(problem, metric, 6, (inner, _gradient, oracle) => {
      errors.push(distance(matrixOf(inner, n).flat(), topTwo(oracle, n).flat()));
    });
    expect(errors.at(-1)).toBeLessThan(errors[0]! / 2);
    problem.dispose();
  });

  it('the Gauss–Newton metric is unbiased: softmax outputs against the matrix, many probes', () => {
    const weight = tf.variable(tf.tensor2d([[0.4, -0.3, 0.8]]));
    const inputs = [1, -2, 0.5];
    const x = tf.tensor2d(inputs, [3, 1]);
    const outputs = () => tf.matMul(x, weight as unknown as tf.Tensor2D);
    const problem: MetricProblem = {
      ...metricProblem([[1]], 0),
      variables: [weight],
      loss: () => tf.mean(tf.square(outputs())) as tf.Scalar,
    };
    const probes = 400;
    const metric = gaussNewtonMetric({ outputs, probes, damping: 1 });
    inSteps(problem, metric, 1, (inner) => {
      const p = (tf.softmax(outputs()) as tf.Tensor2D).arraySync();
      const expected = [0, 1, 2].map(
        (j) =>
          dotOf(
            p.map((row) => row[j]! * (1 - row[j]!)),
            inputs.map((a) => a * a),
          ) / 3,
      );
      const found = flat(inner.apply([tf.ones([1, 3])])).map((entry) => entry - 1);
      // A square of a sum of signed terms has a standard deviation of at most √2 times its mean.
      for (const [j, value] of found.entries()) {
        expect(Math.abs(value - expected[j]!)).toBeLessThan(
          (4 * Math.SQRT2 * expected[j]!) / Math.sqrt(probes),
        );
      }
    });
    tf.dispose([weight, x]);
    problem.dispose();
  });

  it('solves small eigenproblems and inverts small matrices without reading back', () => {
    for (const n of [1, 2, 3, 8, 11]) {
      const [raw] = seededSampler('gaussian', n)([[n, n]], 0, 0);
      const rows = (raw as tf.Tensor2D).arraySync();
      const symmetric = rows.map((row, i) => row.map((a, j) => a + rows[j]![i]!));
      const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
      for (const scale of [1, 1e20, 1e-20]) {
        const matrix = tf.tensor2d(symmetric.map((row) => row.map((a) => a * scale)));
        const { values, vectors } = tf.tidy(() => eigenSmall(matrix));
        const expected = sorted(symmetricEigen(symmetric).values);
        const size = Math.hypot(...expected);
        expect(distance(sorted([...values.dataSync()].map((a) => a / scale)), expected)).toBeLessThan(
          1e-5 * size,
        );
        const gram = tf.tidy(() => tf.matMul(vectors, vectors, true).arraySync() as number[][]);
        expectMatrix(gram, identity(n), 1e-5);
        tf.dispose([matrix, values, vectors]);
      }
      // Diagonally dominant: condition below 3.
      const positive = identity(n).map((row, i) =>
        row.map((a, j) => a + (0.5 * symmetric[i]![j]!) / Math.hypot(...symmetric.flat())),
      );
      const product = tf.tidy(() => {
        const matrix = tf.tensor2d(positive);
        return tf.matMul(matrix, invertSmall(matrix)).arraySync() as number[][];
      });
      expectMatrix(product, identity(n), 1e-5);
      raw!.dispose();
    }
    // Equal diagonal entries, where a rotation's angle is ambiguous.
    const { values, vectors } = eigenSmall(
      tf.tensor2d([
        [2, 1],
        [1, 2],
      ]),
    );
    expect(distance([...values.dataSync()].sort(), [1, 3])).toBeLessThan(1e-6);
    tf.dispose([values, vectors]);
  });

  const everyMetric: Record<string, (problem: MetricProblem) => PerturbationMetric> = {
    euclidean: () => euclideanMetric(),
    elementwise: () => elementwiseMetric(),
    monge: () => mongeMetric(),
    'monge over iterations': () => mongeMetric({ iterations: { rank: 3 } }),
    fisher: ({ parts }) => fisherMetric({ perExample: () => parts, decay: 0.5 }),
    'gauss-newton': ({ outputs }) => gaussNewtonMetric({ outputs, refreshEvery: 1 }),
    'monge over neighbours': () => mongeMetric({ neighbours: {} }),
    'hessian diagonal': () => hessianDiagonalMetric({ refreshEvery: 1 }),
    'hessian low rank': () => hessianLowRankMetric({ rank: 2, refreshEvery: 1 }),
  };
  const names = Object.keys(everyMetric);

  it.each(names)('%s reads nothing back in a step', (name) => {
    const problem = metricProblem([[2, 2], [3]], 4);
    // What every dataSync, data and arraySync goes through.
    const readers = [vi.spyOn(tf.engine(), 'readSync'), vi.spyOn(tf.engine(), 'read')];
    inSteps(problem, everyMetric[name]!(problem), 3, (inner, gradient) => {
      ascentStep(inner, gradient, 0.1);
      inner.solve(inner.apply(gradient));
    });
    for (const reader of readers) {
      expect(reader).not.toHaveBeenCalled();
      reader.mockRestore();
    }
    problem.dispose();
  });

  // Metrics that add outer products to the identity keep them, G_F = F⁻² + (G − I). Of the others the whole ball is stretched.
  it.each(names.flatMap((name) => [[name, 0.25, 3] as const, [name, 1e-3, 1] as const]))(
    '%s in groups of radius times %d and %d: the worst point of the stretched ball, in float64',
    (name, first, second) => {
      const problem = metricProblem([[2, 2], [3]], 6);
      const metric = everyMetric[name]!(problem);
      const f = [first, first, first, first, second, second, second];
      let step: { found: number[]; gradient: number[]; ball: number[][] } | undefined;
      const rule = {
        name: 'look',
        direction: (oracle: GradientOracle) => {
          const { loss, gradient } = oracle.evaluate();
          let inner!: InnerProduct;
          const at = (g: ParamVector) => {
            inner = metric.at(g, oracle);
            return inner;
          };
          const perturb = composePerturbation({ rho: 0.1, metric: { name, at } });
          const found = flat(materialise(perturb(gradient, oracle)));
          const unit = (x: readonly number[]) => [
            tf.tensor2d(x.slice(0, 4), [2, 2]),
            tf.tensor1d(x.slice(4)),
          ];
          const ball = identity(7).map((x) => flat(inner.apply(unit(x))));
          step = { found, gradient: flat(gradient), ball };
          return { loss, direction: gradient };
        },
      };
      const [one, other] = problem.variables.map(({ name }) => name);
      const groups = [
        { match: (variable: tf.Variable) => variable.name === one, rho: first },
        { match: (variable: tf.Variable) => variable.name === other, rho: second },
      ];
      const optimizer = new SharpnessAwareOptimizer(sgd({ learningRate: 0.05 }), rule, { groups });
      optimizer.minimize(problem.loss, false, problem.variables);
      const { found, gradient, ball } = step!;
      const stretched = ball.map((row, i) =>
        row.map((x, j) => {
          const same = i === j ? 1 : 0;
          return /monge|low rank/.test(name) ? x - same + same / f[i]! ** 2 : x / (f[i]! * f[j]!);
        }),
      );
      const g = Matrix.columnVector(gradient);
      const raised = solve(new Matrix(stretched), g).to1DArray();
      const length = Math.sqrt(dotOf(gradient, raised));
      const expected = raised.map((x) => (0.1 * x) / length);
      expect(distance(found, expected)).toBeLessThan(1e-5 * Math.hypot(...expected));
      optimizer.dispose();
      problem.dispose();
    },
  );

  // The metrics that draw are the same only with the same draws: they follow the order of the variables.
  it.each(names.slice(0, 6))('%s does not depend on the order of the variables', (name) => {
    const problem = metricProblem([[2, 2], [3]], 5);
    const run = (variables: tf.Variable[]) => {
      const found: Record<string, number[]>[] = [];
      inSteps({ ...problem, variables }, everyMetric[name]!(problem), 2, (inner, gradient, oracle) => {
        const perturbation = ascentStep(inner, gradient, 0.1);
        found.push(Object.fromEntries(oracle.variables.map((v, i) => [v.name, flat([perturbation[i]!])])));
      });
      return found;
    };
    const start = problem.variables.map((variable) => tf.clone(variable));
    const forward = run(problem.variables);
    for (const [i, variable] of problem.variables.entries()) variable.assign(start[i]!);
    const backward = run([...problem.variables].reverse());
    for (const [i, step] of forward.entries()) {
      for (const [variable, values] of Object.entries(step)) {
        // Sums over the variables are taken in another order.
        expect(distance(values, backward[i]![variable]!)).toBeLessThan(1e-6);
      }
    }
    tf.dispose(start);
    problem.dispose();
  });

  it('keeps the rows of a non-finite step out of what it remembers', () => {
    const problem = metricProblem([[3]], 6);
    const metrics = [
      mongeMetric({ iterations: { rank: 3 } }),
      hessianDiagonalMetric({ refreshEvery: 1 }),
      hessianLowRankMetric({ rank: 1, refreshEvery: 1 }),
    ];
    for (const metric of metrics) {
      let step = 0;
      const sometimes = () => tf.mul(problem.loss(), step === 1 ? Number.NaN : 1) as tf.Scalar;
      const rule = {
        name: 'look',
        direction: (oracle: GradientOracle) => {
          const { loss, gradient } = oracle.evaluate();
          const perturbation = flat(ascentStep(metric.at(gradient, oracle), gradient, 0.1));
          expect(Math.hypot(...perturbation) > 0).toBe(step !== 1);
          return { loss, direction: map(gradient, (tensor) => tf.zerosLike(tensor)) };
        },
      };
      const optimizer = new SharpnessAwareOptimizer(sgd({ learningRate: 0.05 }), rule);
      for (step = 0; step < 4; step++) optimizer.minimize(sometimes, false, problem.variables);
      optimizer.dispose();
    }
    problem.dispose();
  });
});

describe('options of the metrics', () => {
  it('are checked at the door', () => {
    expect(() => mongeMetric({ iterations: { rank: 0 } })).toThrow(
      new RangeError('mongeMetric: expected iterations.rank to be an integer >= 1, got 0'),
    );
    expect(() => mongeMetric({ iterations: { rank: 2 }, neighbours: { samples: 2 } })).toThrow(
      new RangeError('mongeMetric: expected iterations.rank to be an integer >= 3, got 2'),
    );
    expect(() => mongeMetric({ iterations: { decay: 1 } })).toThrow(RangeError);
    expect(() => mongeMetric({ neighbours: { radius: 0 } })).toThrow(RangeError);
    expect(() => mongeMetric({ neighbours: { sampler: { name: 'custom' } as never } })).toThrow(TypeError);
    expect(() => hessianDiagonalMetric({ probes: 0 })).toThrow(RangeError);
    expect(() => hessianDiagonalMetric({ refreshEvery: 1.5 })).toThrow(RangeError);
    expect(() => hessianLowRankMetric({ rank: 0 })).toThrow(RangeError);
    expect(() => gaussNewtonMetric({} as never)).toThrow(TypeError);
    expect(() =>
      gaussNewtonMetric({ outputs: () => tf.zeros([1, 1]), outputLoss: 'hinge' as never }),
    ).toThrow('gaussNewtonMetric: expected outputLoss to be one of [softmax, squared], got "hinge"');
  });

  it('are written down with their defaults', () => {
    expect(mongeMetric().config).toEqual({ name: 'monge' });
    expect(mongeMetric({ iterations: {}, neighbours: { samples: 1 } }).config).toEqual({
      name: 'monge',
      iterations: { rank: 8, decay: 0.8 },
      neighbours: { samples: 1, radius: 0.05, seed: 0 },
    });
    expect(fisherMetric().config).toEqual({ name: 'fisher', eta: 1 });
    expect(hessianLowRankMetric().config).toEqual({
      name: 'hessian-low-rank',
      rank: 4,
      refreshEvery: 10,
      seed: 0,
    });
    expect(hessianDiagonalMetric({ sampler: seededSampler('rademacher', 1) }).config).toEqual({
      ...{ name: 'hessian-diagonal', damping: 1, decay: 0.9, refreshEvery: 10, probes: 1, seed: 0 },
      sampler: { name: 'custom' },
    });
  });
});
