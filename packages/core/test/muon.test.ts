import * as tf from '@tensorflow/tfjs';
import { muon, sharpnessAware } from '@tfjs-sam/core';
import { backendNames, toyProblem, trainInFit, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { train } from './training.js';

type Matrix = number[][];
type Settings = Record<'learningRate' | 'momentum' | 'weightDecay', number> & { nesterov: boolean };
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
const transposed = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const combined = (a: number, x: Matrix, b: number, y: Matrix): Matrix =>
  x.map((row, i) => row.map((value, j) => a * value + b * y[i]![j]!));

/** X ← aX + (bA + cA²)X with A = XXᵀ, in float64; the taller matrix transposed, as the published code. */
function orthogonalised(g: Matrix): Matrix {
  const length = Math.hypot(...g.flat()) + 1e-7;
  const tall = g.length > g[0]!.length;
  let x = (tall ? transposed(g) : g).map((row) => row.map((value) => value / length));
  for (let i = 0; i < 5; i++) {
    const a = product(x, transposed(x));
    x = combined(3.4445, x, 1, product(combined(-4.775, a, 2.0315, product(a, a)), x));
  }
  return tall ? transposed(x) : x;
}

const A = [1.3, 0.4, 2.1, 0.9, 0.7, 1.6];
const LOSS_OF_BIAS = 0.8;

/** Steps on ½ Σ aᵢ (wᵢ − i/7)² + 0.4 b² in float64, of a matrix [rows, columns] of inputs and outputs. */
function reference(w0: Matrix, b0: number, steps: number, options: Settings): [Matrix, number] {
  const { learningRate: lr, momentum, nesterov, weightDecay } = options;
  let [w, m, b, first, second] = [w0, combined(0, w0, 0, w0), b0, 0, 0];
  for (let t = 1; t <= steps; t++) {
    const columns = w[0]!.length;
    const g = w.map((row, i) => row.map((v, j) => A[i * columns + j]! * (v - (i * columns + j) / 7)));
    m = combined(momentum, m, 1 - momentum, g);
    const u = nesterov ? combined(momentum, m, 1 - momentum, g) : m;
    const scale = Math.sqrt(Math.max(1, columns / w.length));
    w = combined(1 - lr * weightDecay, w, -lr * scale, orthogonalised(u));
    const gb = LOSS_OF_BIAS * b;
    first = 0.9 * first + 0.1 * gb;
    second = 0.95 * second + 0.05 * gb * gb;
    const step = first / (1 - 0.9 ** t) / (Math.sqrt(second / (1 - 0.95 ** t)) + 1e-10);
    b = b * (1 - lr * 0.015 * weightDecay) - lr * 0.015 * step;
  }
  return [w, b];
}

describe.each([...backendNames])('muon on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  // A kernel of a convolution is the matrix of its flattened axes.
  it.each<[number[], number, Settings]>([
    [[2, 3], 3, { learningRate: 0.03, momentum: 0.95, nesterov: true, weightDecay: 0 }],
    [[3, 2], 2, { learningRate: 0.05, momentum: 0.8, nesterov: false, weightDecay: 0.2 }],
    [[1, 3, 1, 2], 2, { learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.1 }],
  ])('follows the published steps on a kernel %j', (shape, columns, options) => {
    const start = [0.31, -0.72, 0.043, 1.4, -0.5, 0.9];
    const rows = Array.from({ length: 6 / columns }, (_, i) => start.slice(i * columns, (i + 1) * columns));
    const [kernel, bias] = [tf.variable(tf.tensor(start, shape)), tf.variable(tf.scalar(0.6))];
    const optimizer = muon(options);
    const centre = start.map((_, i) => i / 7);
    const loss = () => {
      const off = tf.sub(tf.reshape(kernel, [6]), centre);
      return tf.add(
        tf.mul(0.5, tf.sum(tf.mul(A, tf.square(off)))),
        tf.mul(LOSS_OF_BIAS / 2, tf.square(bias)),
      ) as tf.Scalar;
    };
    for (let i = 0; i < 12; i++) optimizer.minimize(loss, false, [kernel, bias]);
    const [w, b] = reference(rows, 0.6, 12, options);
    // float32 against float64: the iterations enlarge roundings of small singular values by 3.4445⁵ = 485 at most.
    const off = [...kernel.dataSync()].map((value, i) => Math.abs(value - w.flat()[i]!));
    expect(Math.max(...off)).toBeLessThan(1e-4);
    expect(Math.abs(bias.dataSync()[0]! - b)).toBeLessThan(1e-6);
    tf.dispose([kernel, bias]);
    optimizer.dispose();
  });

  it('decays the matrices that `decay` names, and no others', () => {
    const [kept, decayed] = ['kept', 'decayed'].map((name) =>
      tf.variable(tf.ones([2, 2]), true, `muon-decay/${name}`),
    );
    const optimizer = muon({ learningRate: 0.1, weightDecay: 0.5, decay: '/decayed$' });
    const still = () => tf.mul(0, tf.sum(tf.add(kept!, decayed!))) as tf.Scalar;
    optimizer.minimize(still, false, [kept!, decayed!]);
    expect([...kept!.dataSync()]).toEqual([1, 1, 1, 1]);
    for (const value of decayed!.dataSync()) expect(value).toBeCloseTo(1 - 0.1 * 0.5, 6);
    tf.dispose([kept!, decayed!]);
    optimizer.dispose();
  });

  it('gives what the predicate leaves out to AdamW, stays at a zero gradient and passes a NaN on', () => {
    const [kernel, head] = ['kernel', 'head'].map((name) =>
      tf.variable(tf.ones([2, 2]), true, `muon/${name}`),
    );
    const optimizer = muon({ learningRate: 0.1, matrices: ({ name }) => name.endsWith('kernel') });
    const step = (factor: tf.TensorLike) =>
      optimizer.minimize(() => tf.sum(tf.add(tf.mul(kernel!, factor), head!)) as tf.Scalar, false, [
        kernel!,
        head!,
      ]);
    step(0);
    expect([...kernel!.dataSync()]).toEqual([1, 1, 1, 1]);
    // AdamW's first step has the length of its learning rate.
    for (const value of head!.dataSync()) expect(value).toBeCloseTo(1 - 0.1 * 0.015, 6);
    step([
      [Number.NaN, 1],
      [1, 1],
    ]);
    expect(kernel!.dataSync().some(Number.isNaN)).toBe(true);
    tf.dispose([kernel!, head!]);
    optimizer.dispose();
  });

  it('trains under SAM, skips a step whole, leaks nothing and reads nothing back', () => {
    const problem = toyProblem();
    const optimizer = sharpnessAware(muon({ learningRate: 0.01 }), { rho: 0.05, onNonFinite: 'skip' });
    const first = problem.loss(0);
    train(optimizer, problem, 3);
    const values = problem.values();
    const { numTensors } = tf.memory();
    const poisoned = () => tf.mul(problem.loss(0), Number.NaN) as tf.Scalar;
    optimizer.minimize(poisoned, false, problem.variables);
    expect(problem.values()).toEqual(values);
    const reads = vi.spyOn(tf.Tensor.prototype, 'dataSync');
    for (let i = 0; i < 30; i++) optimizer.minimize(() => problem.loss(0), false, problem.variables);
    expect(reads).not.toHaveBeenCalled();
    reads.mockRestore();
    expect(tf.memory().numTensors).toBe(numTensors);
    const last = problem.loss(0);
    expect(last.dataSync()[0]).toBeLessThan(first.dataSync()[0]!);
    tf.dispose([first, last]);
    optimizer.dispose();
    problem.dispose();
  });

  it('is SAM around Muon: the step taken from the gradient of the perturbed weights', () => {
    const [composed, byHand] = [toyProblem(), toyProblem()];
    byHand.assign(composed.values());
    const optimizer = sharpnessAware(muon({ learningRate: 0.01 }), { rho: 0.1 });
    const base = muon({ learningRate: 0.01 });
    for (let i = 0; i < 3; i++) {
      optimizer.minimize(() => composed.loss(i), false, composed.variables);
      tf.tidy(() => {
        const before = byHand.variables.map((variable) => tf.clone(variable));
        const gradients = () => base.computeGradients(() => byHand.loss(i), byHand.variables).grads;
        const climbed = byHand.variables.map(({ name }) => gradients()[name]!);
        const length = tf.sqrt(tf.addN(climbed.map((g) => tf.sum(tf.square(g)))));
        for (const [j, variable] of byHand.variables.entries())
          variable.assign(tf.add(variable, tf.mul(tf.div(0.1, length), climbed[j]!)) as tf.Tensor);
        const direction = gradients();
        for (const [j, variable] of byHand.variables.entries()) variable.assign(before[j]!);
        base.applyGradients(direction);
      });
    }
    const expected = byHand.values().flat();
    const off = composed
      .values()
      .flat()
      .map((value, i) => Math.abs(value - expected[i]!));
    expect(Math.max(...off)).toBeLessThan(1e-4);
    for (const each of [optimizer, base, composed, byHand]) each.dispose();
  });

  it('trains in model.fit', async () => {
    await trainInFit(() => muon({ learningRate: 0.01 }));
  });
});

describe('options of muon', () => {
  it.each([
    [{ learningRate: -1 }, 'muon: expected learningRate to be a finite number >= 0, got -1'],
    [{ momentum: 1 }, 'muon: expected momentum to be in [0, 1), got 1'],
    [{ steps: 0 }, 'muon: expected steps to be an integer >= 1, got 0'],
  ])('are checked at the door', (options, message) => {
    expect(() => muon(options)).toThrow(message);
  });

  it('refuse independent runs, whose matrices would be taken for one', () => {
    const kernel = tf.variable(tf.ones([3, 2, 2]));
    const optimizer = sharpnessAware(muon(), { runs: { count: 3 } });
    const loss = () => tf.sum(tf.square(kernel), [1, 2]) as unknown as tf.Scalar;
    expect(() => optimizer.minimize(loss, false, [kernel])).toThrow('muon: expected one run, got 3');
    expect([...kernel.dataSync()]).toEqual(Array.from({ length: 12 }, () => 1));
    kernel.dispose();
    optimizer.dispose();
  });
});
