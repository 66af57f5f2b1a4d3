import * as tf from '@tensorflow/tfjs-core';
import {
  ascentStep,
  type GradientOracle,
  type InnerProduct,
  map,
  type ParamVector,
  type PerturbationMetric,
  SharpnessAwareOptimizer,
  seededSampler,
  sgd,
  symmetricEigen,
} from '@tfjs-sam/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BackendName, backendNames, useBackend } from './backend.js';
import { type MetricProblem, metricProblem } from './metric-problem.js';

/** A metric, as the conformance suite must know it. */
export interface MetricSuite {
  /** Name of the tests. */
  readonly name: string;
  /** Makes the metric; the problem's parts and outputs are for metrics that take closures of their own. */
  readonly create: (problem: MetricProblem) => PerturbationMetric;
  /** Backends. Default cpu and wasm. */
  readonly backends?: readonly BackendName[];
}

const RHO = 0.1;
const STEPS = 3;
/**
 * Rounding units that a solve may lose, times the condition number: eight weights, a dozen operations on each, up
 * to nine vectors in a low-rank form.
 */
const UNITS = 64 * 2 ** -23;

const shape = fc.constantFrom<number[]>([], [1], [2], [3], [2, 2], [1, 2]);
const shapesAndSeed = fc.record({
  shapes: fc.array(shape, { minLength: 1, maxLength: 3 }).filter((all) => sizeOf(all) <= 8),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

function sizeOf(shapes: readonly number[][]): number {
  return shapes.reduce((sum, each) => sum + tf.util.sizeFromShape(each), 0);
}

/**
 * The suite that every metric of the project runs, on every backend, over random shapes and losses and three steps each,
 * so that what a metric remembers is tested with it: G is symmetric and positive definite, solve undoes apply, the ascent
 * step has norm ρ and climbs as far as theory says and further than random steps of that norm; zero, NaN and extreme
 * gradients are harmless; nothing leaks.
 *
 * @example describeMetric({ name: 'monge', create: () => mongeMetric() });
 */
export function describeMetric(suite: MetricSuite): void {
  describe.each([...(suite.backends ?? backendNames)])(`metric ${suite.name} on %s`, (backend) => {
    beforeAll(() => useBackend(backend));

    it('is an inner product whose ascent step is the best of its norm', () => {
      everywhere(suite, 1, 6, checkAsMatrix);
    });

    it('gives no perturbation for a zero gradient', () => {
      everywhere(suite, 0, 2, expectNothing);
    });

    it('gives no perturbation for a NaN gradient', () => {
      everywhere(suite, Number.NaN, 2, expectNothing);
    });

    it.each([1e25, 1e-25])('gives a finite perturbation for gradients of %s', (scale) => {
      everywhere(suite, scale, 2, (inner, gradient) => {
        const perturbation = flat(ascentStep(inner, gradient, RHO));
        expect(perturbation.every(Number.isFinite)).toBe(true);
        // A metric of long gradients may call for less than float32 can hold; nothing excuses zero for short ones.
        if (scale < 1) expect(Math.hypot(...perturbation)).toBeGreaterThan(0);
      });
    });
  });
}

type Check = (inner: InnerProduct, gradient: ParamVector, oracle: GradientOracle) => void;

/** Runs a check in each of three steps on random problems, and sees that nothing is left behind. */
function everywhere(suite: MetricSuite, scale: number, numRuns: number, check: Check): void {
  const { numTensors } = tf.memory();
  fc.assert(
    fc.property(shapesAndSeed, ({ shapes, seed }) => {
      const problem = metricProblem(shapes, seed, scale);
      const metric = suite.create(problem);
      const rule = {
        name: 'check',
        direction: (oracle: GradientOracle) => {
          const { loss, gradient } = oracle.evaluate();
          check(metric.at(gradient, oracle), gradient, oracle);
          return { loss, direction: map(gradient, (tensor) => tf.sign(tensor)) };
        },
      };
      const optimizer = new SharpnessAwareOptimizer(sgd({ learningRate: 0.05 }), rule);
      try {
        for (let i = 0; i < STEPS; i++) optimizer.minimize(problem.loss, false, problem.variables);
      } finally {
        optimizer.dispose();
        problem.dispose();
      }
    }),
    { numRuns, seed: 1 },
  );
  expect(tf.memory().numTensors).toBe(numTensors);
}

function expectNothing(inner: InnerProduct, gradient: ParamVector): void {
  expect(flat(ascentStep(inner, gradient, RHO)).every((entry) => entry === 0)).toBe(true);
}

/** Compares with dense float64 algebra on the matrix that `apply` stands for. */
const checkAsMatrix: Check = (inner, gradient, { step }) => {
  const shapes = gradient.map((tensor) => tensor.shape);
  const n = sizeOf(shapes);
  const columns = Array.from({ length: n }, (_, i) =>
    flat(
      inner.apply(
        unflat(
          Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)),
          shapes,
        ),
      ),
    ),
  );
  const size = Math.hypot(...columns.flat());
  const symmetric = columns.map((column, i) => column.map((x, j) => (x + columns[j]![i]!) / 2));
  expect(difference(columns.flat(), symmetric.flat())).toBeLessThanOrEqual(UNITS * size);
  const { values, vectors } = symmetricEigen(symmetric);
  const least = Math.min(...values);
  expect(least).toBeGreaterThan(0);
  const tolerance = (UNITS * Math.max(...values)) / least;
  // A matrix that float32 cannot invert says nothing about the code.
  fc.pre(tolerance < 0.05);

  const g = flat(gradient);
  const dense = { times: (x: number[]) => symmetric.map((row) => dotOf(row, x)) };
  const [v] = randomVectors(n, step, 1);
  const back = flat(inner.solve(inner.apply(unflat(v!, shapes))));
  expect(difference(back, v!)).toBeLessThanOrEqual(tolerance * Math.hypot(...v!));
  const solved = vectors
    .map((vector, i) => vector.map((x) => (x * dotOf(vector, g)) / values[i]!))
    .reduce((sum, part) => sum.map((x, i) => x + part[i]!));
  const close = tolerance * Math.hypot(...solved);
  expect(difference(flat(inner.solve(gradient)), solved)).toBeLessThanOrEqual(close);
  expect(difference(flat(inner.solve(gradient.map((x) => tf.clone(x)))), solved)).toBeLessThanOrEqual(close);

  const perturbation = flat(ascentStep(inner, gradient, RHO));
  const climbed = dotOf(g, perturbation);
  const norm = (x: number[]) => Math.sqrt(dotOf(x, dense.times(x)));
  expect(Math.abs(norm(perturbation) / RHO - 1)).toBeLessThanOrEqual(tolerance);
  expect(Math.abs(climbed / (RHO * Math.sqrt(dotOf(g, solved))) - 1)).toBeLessThanOrEqual(tolerance);
  for (const other of randomVectors(n, step, 20)) {
    expect((RHO * dotOf(g, other)) / norm(other)).toBeLessThanOrEqual(climbed * (1 + tolerance));
  }
};

function randomVectors(n: number, step: number, many: number): number[][] {
  const all = tf.tidy(() => flat(seededSampler('gaussian', 5)([[many, n]], step, 0)));
  return Array.from({ length: many }, (_, index) => all.slice(index * n, (index + 1) * n));
}

function flat(x: ParamVector): number[] {
  return x.flatMap((tensor) => [...tensor.dataSync()]);
}

function unflat(values: readonly number[], shapes: readonly number[][]): ParamVector {
  let at = 0;
  return shapes.map((each) => {
    const from = at;
    at += tf.util.sizeFromShape(each);
    return tf.tensor(values.slice(from, at), each);
  });
}

function dotOf(x: readonly number[], y: readonly number[]): number {
  return x.reduce((sum, value, i) => sum + value * y[i]!, 0);
}

function difference(x: readonly number[], y: readonly number[]): number {
  return Math.hypot(...x.map((value, i) => value - y[i]!));
}
