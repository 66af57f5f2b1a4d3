import * as tf from '@tensorflow/tfjs-core';
import {
  fisherMetric,
  hessian,
  hutchinsonDiagonal,
  hutchinsonTrace,
  hvp,
  krylov,
  lanczos,
  makeOracle,
  map,
  type ParamVector,
  SharpnessAwareOptimizer,
  seededSampler,
  sgd,
  symmetricEigen,
} from '@tfjs-sam/core';
import {
  backendNames,
  curvatureModels,
  curvatureReference,
  metricProblem,
  useBackend,
} from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';

const flat = (x: readonly tf.Tensor[]) => x.flatMap((tensor) => [...tensor.dataSync()]);
const distance = (x: readonly number[], y: readonly number[]) => Math.hypot(...x.map((a, i) => a - y[i]!));
const relative = (x: readonly number[], y: readonly number[]) => distance(x, y) / Math.hypot(...y);
const shapesOf = (variables: readonly tf.Tensor[]) => variables.map(({ shape }) => shape);

function unflat(values: readonly number[], like: readonly tf.Tensor[]): ParamVector {
  let at = 0;
  return like.map(({ shape, size }) => {
    at += size;
    return tf.tensor(values.slice(at - size, at), shape);
  });
}

/** A symmetric matrix of size n with given eigenvalues, and a variable of that size. */
function quadratic(eigenvalues: readonly number[]) {
  const n = eigenvalues.length;
  const [raw] = seededSampler('gaussian', 4)([[n, n]], 0, 0);
  const rows = (raw as tf.Tensor2D).arraySync();
  raw!.dispose();
  const { vectors } = symmetricEigen(rows.map((row, i) => row.map((x, j) => x + rows[j]![i]!)));
  const matrix = rows.map((_, i) =>
    rows.map((_row, j) =>
      eigenvalues.reduce((sum, value, k) => sum + value * vectors[k]![i]! * vectors[k]![j]!, 0),
    ),
  );
  const a = tf.tensor2d(matrix);
  const theta = tf.variable(tf.linspace(-1, 1, n));
  const loss = () =>
    tf.mul(0.5, tf.sum(tf.mul(theta, tf.reshape(tf.matMul(a, tf.expandDims(theta, 1)), [n])))) as tf.Scalar;
  return { matrix, vectors, theta, loss, dispose: () => tf.dispose([a, theta]) };
}

describe.each([...backendNames])('curvature on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('gives Hessian-vector products of a quadratic up to rounding, of vectors of any length', () => {
    const problem = quadratic([5, -3, 2, 1, 0.5, 0]);
    const oracle = makeOracle(problem.loss, [problem.theta]);
    const v = [0.3, -1, 2, 0.1, 0, 0.7];
    const expected = problem.matrix.map((row) => row.reduce((sum, x, j) => sum + x * v[j]!, 0));
    for (const size of [1, 1e-20, 1e20]) {
      const product = tf.tidy(() => flat(hvp(oracle, [tf.mul(tf.tensor1d(v), size)])));
      // Both gradients are rounded to 2⁻²⁴ of ‖A‖‖θ‖ = 5·1.7, and differenced over 2h = 2·1.7·2⁻⁹: 2⁻¹⁵·5 of ‖v‖.
      expect(
        distance(
          product.map((x) => x / size),
          expected,
        ),
      ).toBeLessThan(5 * 2 ** -15 * Math.hypot(...v));
    }
    expect(tf.tidy(() => flat(hvp(oracle, [tf.zeros([6])])))).toEqual([0, 0, 0, 0, 0, 0]);
    oracle.dispose();
    problem.dispose();
  });

  it('gives the Hessian of softmax regression', () => {
    const [x, w, labels] = [
      tf.tensor2d([
        [1, -0.5],
        [0.3, 2],
        [-1, 0.7],
      ]),
      tf.variable(
        tf.tensor2d([
          [0.1, -0.4, 0.2],
          [0.3, 0.5, -0.6],
        ]),
      ),
      tf.oneHot(tf.tensor1d([0, 2, 1], 'int32'), 3),
    ];
    const logits = () => tf.matMul(x, w as unknown as tf.Tensor2D);
    const loss = () => tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits())), -1))) as tf.Scalar;
    const oracle = makeOracle(loss, [w]);
    const v = [0.5, 1, -0.2, -0.7, 0.1, 0.9];
    // (1/B) Σ xᵢ ⊗ (diag(p) − p pᵀ)(Vᵀxᵢ)
    const expected = tf.tidy(() => {
      const p = tf.softmax(logits());
      const u = tf.matMul(x, tf.tensor2d(v, [2, 3]));
      const s = tf.sub(tf.mul(p, u), tf.mul(p, tf.sum(tf.mul(p, u), -1, true))) as tf.Tensor2D;
      return [...tf.div(tf.matMul(x, s, true), 3).dataSync()];
    });
    const product = tf.tidy(() => flat(hvp(oracle, [tf.tensor2d(v, [2, 3])])));
    expect(relative(product, expected)).toBeLessThan(2e-3);
    oracle.dispose();
    tf.dispose([x, w, labels]);
  });

  describe.each([...curvatureModels])('%s', (name) => {
    it('agrees with automatic differentiation in float64', async () => {
      const { reference, model } = curvatureReference(name);
      const { numTensors } = tf.memory();
      const buffers = flat(model.buffers);
      const oracle = makeOracle(() => model.loss(0), model.variables);
      const { loss, gradient } = oracle.evaluate();
      expect(Math.abs(loss.dataSync()[0]! - reference.loss)).toBeLessThan(1e-6);
      expect(distance(flat(gradient), reference.gradient)).toBeLessThan(1e-6);

      const product = tf.tidy(() => flat(hvp(oracle, unflat(reference.direction, model.variables))));
      expect(relative(product, reference.hessian_vector_product)).toBeLessThan(1e-3);

      const wanted = [...reference.eigenvalues_ascending].sort((a, b) => Math.abs(b) - Math.abs(a));
      const found = await lanczos(oracle, { count: 3, tolerance: 1e-3 });
      expect(found).toMatchObject({ converged: true, reliable: true });
      for (const [k, value] of found.values.slice(0, 3).entries()) {
        expect(Math.abs(value - wanted[k]!)).toBeLessThan(2e-3 * Math.abs(wanted[0]!));
        expect(found.residuals[k]).toBeLessThanOrEqual(1e-3 * Math.abs(found.values[0]!));
      }
      tf.dispose(found.vectors);
      expect(flat(model.buffers)).toEqual(buffers);
      oracle.dispose();
      expect(tf.memory().numTensors).toBe(numTensors);
      model.dispose();
    });

    it('estimates trace and diagonal without bias', async () => {
      const { reference, model } = curvatureReference(name);
      const oracle = makeOracle(() => model.loss(0), model.variables);
      const probes = 40;
      const shapes = shapesOf(model.variables);
      const smaller = hessian(oracle);
      const trace = await hutchinsonTrace(smaller, shapes, { probes });
      // Var zᵀHz = 2 (‖H‖² − Σ Hᵢᵢ²); four standard errors, and the probes are fixed.
      const squares = reference.diagonal.reduce((sum, x) => sum + x * x, 0);
      const error = Math.sqrt((2 * (reference.frobenius_squared - squares)) / probes);
      expect(Math.abs(trace.value - reference.trace)).toBeLessThan(4 * error);
      expect(trace.standardError).toBeGreaterThan(error / 2);
      expect(trace.standardError).toBeLessThan(error * 2);
      const diagonal = tf.tidy(() => flat(hutchinsonDiagonal(smaller, shapes, 0, { probes })));
      // The squared error of the whole diagonal has mean (‖H‖² − Σ Hᵢᵢ²)/probes.
      const expected = Math.sqrt((reference.frobenius_squared - squares) / probes);
      expect(distance(diagonal, reference.diagonal)).toBeLessThan(1.5 * expected);
      oracle.dispose();
      model.dispose();
    });
  });

  it('gives the empirical Fisher both ways', () => {
    const { reference, model } = curvatureReference('mlp');
    const examples = reference.labels.map((_, i) => () => model.exampleLoss(0, i));
    const diagonalOf = (perExample?: () => (() => tf.Scalar)[]) => {
      const oracle = makeOracle(() => model.loss(0), model.variables);
      const found = tf.tidy(() => {
        const inner = fisherMetric({ perExample }).at(oracle.evaluate().gradient, oracle);
        return flat(inner.apply(model.variables.map((v) => tf.onesLike(v)))).map((x) => x - 1);
      });
      oracle.dispose();
      return found;
    };
    // Entries of order 0.1 are read off a matrix with ones added: 2⁻²⁴ of one, each.
    const perExample = reference.empirical_fisher_diagonal_mean_of_squares;
    expect(
      distance(
        diagonalOf(() => examples),
        perExample,
      ),
    ).toBeLessThan(1e-6 * Math.sqrt(53));
    expect(distance(diagonalOf(), reference.empirical_fisher_diagonal_square_of_mean)).toBeLessThan(1e-6);
    model.dispose();
  });

  it('finds all eigenpairs of a small matrix, and stops where the space is exhausted', async () => {
    const values = [4, -3, 2, 1, 0.5];
    const problem = quadratic(values);
    const oracle = makeOracle(problem.loss, [problem.theta]);
    const found = await lanczos(hessian(oracle), [[5]], { count: 5, tolerance: 1e-9 });
    expect(found.iterations).toBeLessThanOrEqual(5);
    expect(distance(found.values, values)).toBeLessThan(0.01);
    for (const [k, vector] of found.vectors.entries()) {
      const along = flat(vector).reduce((sum, x, i) => sum + x * problem.vectors[k]![i]!, 0);
      expect(Math.abs(along)).toBeGreaterThan(0.999);
    }
    tf.dispose(found.vectors);
    oracle.dispose();
    problem.dispose();
  });

  it('keeps a Krylov basis orthonormal, with more steps than dimensions', () => {
    const problem = quadratic([100, 10, 1, 0.1]);
    const oracle = makeOracle(problem.loss, [problem.theta]);
    tf.tidy(() => {
      const { basis, projected } = krylov(hessian(oracle), [tf.ones([4])], 6);
      const gram = basis.map((x) =>
        basis.map((y) => flat(x).reduce((sum, a, i) => sum + a * flat(y)[i]!, 0)),
      );
      for (const [i, row] of gram.entries()) {
        for (const [j, x] of row.entries())
          expect(Math.abs(x - (i === j && i < 4 ? 1 : 0))).toBeLessThan(1e-5);
      }
      const ritz = symmetricEigen(projected.arraySync()).values;
      // Differencing noise: 2⁻¹² of the largest eigenvalue.
      expect(Math.abs(ritz[0]! - 100)).toBeLessThan(0.1);
    });
    oracle.dispose();
    problem.dispose();
  });

  it('leaves the weights bit-equal, and frees everything', () => {
    const problem = metricProblem([[2, 2], [3]], 3);
    const before = flat(problem.variables);
    const { numTensors } = tf.memory();
    const oracle = makeOracle(problem.loss, problem.variables);
    tf.tidy(
      () =>
        void hvp(
          oracle,
          map(problem.variables, (v) => tf.onesLike(v)),
        ),
    );
    oracle.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(flat(problem.variables)).toEqual(before);
    problem.dispose();
  });
});

it('finds the variables itself when none are given, and says so when there is nothing to differentiate by', () => {
  const theta = tf.variable(tf.scalar(2));
  const unrelated = tf.variable(tf.scalar(1));
  const oracle = makeOracle(() => tf.square(theta) as tf.Scalar);
  expect(oracle.variables).toEqual([theta]);
  expect(oracle.evaluate().gradient[0]!.dataSync()[0]).toBe(4);
  oracle.dispose();
  expect(() => makeOracle(() => tf.scalar(0), [])).toThrow(
    'makeOracle: expected at least one trainable variable, got none',
  );
  tf.dispose([theta, unrelated]);
});

it('rejects options out of range', async () => {
  const apply = (v: ParamVector) => v;
  await expect(lanczos(apply, [[2]], { count: 0 })).rejects.toThrow(RangeError);
  await expect(lanczos(apply, [[2]], { count: 3, iterations: 2 })).rejects.toThrow(RangeError);
  await expect(lanczos(apply, [[2]], { tolerance: 0 })).rejects.toThrow(RangeError);
  await expect(lanczos(apply, [[2]], { count: 3, basis: 3 })).rejects.toThrow(RangeError);
  await expect(lanczos(apply)).rejects.toThrow(
    'lanczos: expected the shapes of the map’s vectors'.replace('’', "'"),
  );
  await expect(hutchinsonTrace(apply, [[2]], { probes: 0 })).rejects.toThrow(
    'hutchinsonTrace: expected probes to be an integer >= 1, got 0',
  );
});

it('can be measured within a step, through the same oracle', () => {
  const problem = metricProblem([[3]], 1);
  let seen: number[] = [];
  const rule = {
    name: 'curious',
    direction: (oracle: Parameters<typeof hvp>[0]) => {
      const { loss, gradient } = oracle.evaluate();
      seen = flat(hvp(oracle, gradient));
      return { loss, direction: gradient };
    },
  };
  const optimizer = new SharpnessAwareOptimizer(sgd({ learningRate: 0.1 }), rule);
  optimizer.minimize(problem.loss, false, problem.variables);
  expect(seen.every(Number.isFinite)).toBe(true);
  expect(Math.hypot(...seen)).toBeGreaterThan(0);
  optimizer.dispose();
  problem.dispose();
});
