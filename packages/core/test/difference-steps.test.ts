import * as tf from '@tensorflow/tfjs-core';
import {
  crossEntropyOf,
  gaussNewton,
  hessian,
  hessianLowRankMetric,
  hutchinsonDiagonal,
  hutchinsonTrace,
  hvp,
  type LinearMap,
  lanczos,
  makeOracle,
  type ParamVector,
  reportsArrived,
  type StepReport,
  sgd,
  sharpnessAware,
  squaredErrorOf,
} from '@tfjs-sam/core';
import { useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it, vi } from 'vitest';

beforeAll(() => useBackend('cpu'));

const flat = (x: readonly tf.Tensor[]) => x.flatMap((tensor) => [...tensor.dataSync()]);

/** v ↦ e(s) A v, of a difference step s: what differences of a loss that bends make of a matrix. */
function differing(
  matrix: readonly (readonly number[])[],
  errorOf: (step: number) => number,
  { own, step }: { own: number; step?: number },
): LinearMap & { readonly steps: number[] } {
  const steps: number[] = [];
  const at = (by: number) => (v: ParamVector) => {
    steps.push(by);
    const rows = tf.tensor2d(matrix.map((row) => row.map((entry) => entry * errorOf(by))));
    return [tf.reshape(tf.matMul(rows, tf.reshape(v[0]!, [-1, 1])), [-1])];
  };
  return Object.assign((v: ParamVector) => at(own)(v), {
    shapes: [[matrix.length]],
    differences: { step, own, at },
    steps,
  });
}

const diagonal = (entries: readonly number[]) =>
  entries.map((entry, i) => entries.map((_, j) => (i === j ? entry : 0)));
/** Draws vectors as they are listed, the last one again where there are no more. */
const listed = (vectors: readonly number[][]) => (_shapes: unknown, _step: number, index: number) => [
  tf.tensor1d(vectors[Math.min(index, vectors.length - 1)]!),
];

describe('hutchinsonTrace', () => {
  // Random signs see trace and norm of a diagonal matrix without spread: what is off is the differences' alone.
  const entries = [1, -2, 4];
  const [trace, squared] = [3, 21];

  it.each([0, 3])('says what two steps leave: trace and Frobenius norm, rank %s', async (rank) => {
    const own = 2 ** -8;
    const bend = 0.004 / own ** 2;
    const error = (step: number) => 1 + bend * step ** 2;
    const found = await hutchinsonTrace(differing(diagonal(entries), error, { own }), { probes: 4, rank });
    const [fine, coarse] = [error(own), error(2 * own)];
    const near = 2 ** -11;
    const of = (total: number, sizes: readonly number[], power: number) => {
      const gap = (error(near) ** power - error(2 * near) ** power) / 3;
      return {
        // Of a basis of everything the two steps' values are extrapolated, and nothing is left to the probes.
        value: rank === 0 ? total * fine ** power : total * (error(near) ** power + gap),
        off: Math.hypot(
          (total * (coarse ** power - fine ** power)) / 3,
          rank === 0 ? 0 : sizes.reduce((sum, size) => sum + Math.abs(size * gap), 0),
        ),
      };
    };
    // A QR basis of everything has each entry's share of trace and norm in whatever directions.
    const wanted = [of(trace, entries, 1), of(squared, [squared], 2)];
    for (const [i, measured] of [found, found.frobeniusSquared].entries()) {
      expect(measured.value).toBeCloseTo(wanted[i]!.value, 4);
      if (rank === 0 || i === 1) expect(measured.standardError).toBeCloseTo(wanted[i]!.off, 4);
      expect(measured.reliable).toBe(true);
    }
    expect(found.probes).toBe(4);
  });

  it('finds exactly what lies within its rank, and spreads no more', async () => {
    const u = [1, 2, -1, 0.5];
    const matrix = u.map((a) => u.map((b) => a * b));
    const map = (v: ParamVector) => [
      tf.reshape(tf.matMul(tf.tensor2d(matrix), tf.reshape(v[0]!, [-1, 1])), [-1]),
    ];
    const length = u.reduce((sum, a) => sum + a * a, 0);
    const plain = await hutchinsonTrace(map, [[4]], { probes: 5, seed: 1 });
    expect(plain.standardError).toBeGreaterThan(0.1);
    const exact = await hutchinsonTrace(map, [[4]], { probes: 5, seed: 1, rank: 1 });
    expect(exact.value).toBeCloseTo(length, 4);
    expect(exact.frobeniusSquared.value).toBeCloseTo(length ** 2, 3);
    expect(exact.standardError).toBeLessThan(1e-4);
    // A basis of more than there is: its last vectors are zero.
    const more = await hutchinsonTrace(map, [[4]], { probes: 2, rank: 3 });
    expect(more.value).toBeCloseTo(length, 4);
  });

  it('takes its error from the spread of the probes', async () => {
    const map = (v: ParamVector) => [
      tf.reshape(tf.matMul(tf.tensor2d([2, 1, 1, 2], [2, 2]), tf.reshape(v[0]!, [2, 1])), [2]),
    ];
    const sampler = listed([
      [1, 1],
      [1, -1],
    ]);
    // zᵀA z: 6 and 2; ‖A z‖²: 18 and 2. The standard error of two numbers is half of what they differ by.
    const { frobeniusSquared, ...found } = await hutchinsonTrace(map, [[2]], { probes: 2, sampler });
    expect(found).toEqual({ value: 4, standardError: expect.closeTo(2, 6), reliable: true, probes: 2 });
    expect(frobeniusSquared).toEqual({ value: 10, standardError: expect.closeTo(8, 6), reliable: true });
    const one = await hutchinsonTrace(map, [[2]], { probes: 1, sampler });
    expect(one).toMatchObject({ value: 6, standardError: Number.NaN, reliable: false });
    expect(one.reason).toBe('one probe has no standard error: draw more');
  });

  it('quarters a step that is too long, three times at most, and keeps one that was asked for', async () => {
    const own = 2 ** -4;
    const estimate = (error: (step: number) => number, step?: number) =>
      hutchinsonTrace(differing(diagonal(entries), error, { own, ...(step && { step }) }), { probes: 2 });
    const bent = (size: number) => (step: number) => 1 + size * (step / own) ** 2;
    // A gap of 1 % of the image is enough: an error of 0.16 takes one quartering, one of 2.5 two.
    expect((await estimate(bent(0.16))).value).toBeCloseTo(3 * 1.01, 4);
    expect((await estimate(bent(2.56))).value).toBeCloseTo(3 * 1.01, 4);
    const hopeless = await estimate(bent(2.56 * 256));
    expect(hopeless.value).toBeCloseTo(3 * 1.16, 4);
    expect(hopeless).toMatchObject({ reliable: false, reason: expect.stringContaining('twice the step') });
    // 4 % off: below what counts as disagreement between images, above what a value without spread may be off by.
    const asked = await estimate(bent(0.04), own);
    expect(asked.value).toBeCloseTo(3 * 1.04, 4);
    expect(asked).toMatchObject({ reliable: false, standardError: expect.closeTo(3 * 0.04, 4) });
    // Rounding grows as the step shrinks: the first step stays.
    expect((await estimate((step) => 1 + (0.1 * own) / step)).value).toBeCloseTo(3 * 1.1, 4);
  });

  it('says which numbers are none', async () => {
    const found = await hutchinsonTrace(differing(diagonal(entries), () => Number.NaN, { own: 1 }));
    expect(found).toMatchObject({ reliable: false, reason: expect.stringContaining('is the loss finite') });
    expect(found.frobeniusSquared.reason).toContain('is the loss finite');
    const zero = await hutchinsonTrace(differing(diagonal([0, 0]), () => 1, { own: 1 }));
    expect(zero).toMatchObject({ value: 0, standardError: 0, reliable: true });
    await expect(hutchinsonTrace((v: ParamVector) => v, [[1]], { rank: -1 })).rejects.toThrow(
      'expected rank to be an integer >= 0, got -1',
    );
  });
});

describe('hutchinsonDiagonal', () => {
  it('is the mean of z ⊙ A z over draws of its step', () => {
    const map = (v: ParamVector) => [
      tf.reshape(tf.matMul(tf.tensor2d([2, 1, 1, 3], [2, 2]), tf.reshape(v[0]!, [2, 1])), [2]),
    ];
    const drawn = vi.fn(
      listed([
        [1, 1],
        [1, -1],
        [1, -1],
      ]),
    );
    const { numTensors } = tf.memory();
    const found = hutchinsonDiagonal(map, [[2]], 7, { probes: 3, sampler: drawn });
    // (3, 4), (1, 2) and (1, 2).
    for (const [i, value] of [5 / 3, 8 / 3].entries()) expect(flat(found)[i]).toBeCloseTo(value, 6);
    expect(drawn.mock.calls).toEqual([0, 1, 2].map((index) => [[[2]], 7, index]));
    tf.dispose(found);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(() => hutchinsonDiagonal(map, [[2]], 0, { probes: 0 })).toThrow(
      'hutchinsonDiagonal: expected probes to be an integer >= 1, got 0',
    );
  });
});

describe('lanczos', () => {
  it('extrapolates from two steps, and searches again by a quarter where they disagree', async () => {
    const entries = [8, 3, -1];
    const bend = (size: number) => (step: number) => 1 + size * (step / 2 ** -11) ** 2;
    const own = 2 ** -9;
    const near = differing(diagonal(entries), bend(0.001), { own });
    const found = await lanczos(near, { count: 2, tolerance: 0.05 });
    expect(found).toMatchObject({ converged: true, reliable: true });
    for (const k of [0, 1]) expect(found.values[k]).toBeCloseTo(entries[k]!, 3);
    expect(new Set(near.steps)).toEqual(new Set([2 ** -11, 2 ** -10]));
    const far = differing(diagonal(entries), bend(0.1), { own });
    const again = await lanczos(far, { count: 2, tolerance: 0.05 });
    expect(again).toMatchObject({ converged: true, reliable: true });
    expect(again.values[0]).toBeCloseTo(8, 3);
    expect(new Set(far.steps)).toEqual(new Set([2 ** -11, 2 ** -10, 2 ** -13, 2 ** -12]));
    expect(again.iterations).toBe(2 * found.iterations);
    const { numTensors } = tf.memory();
    // A step that was asked for stays, and its values are not believed.
    const asked = await lanczos(differing(diagonal(entries), bend(0.1), { own: 2 ** -11, step: 2 ** -11 }));
    expect(asked).toMatchObject({ reliable: false, reason: expect.stringContaining('twice the step') });
    tf.dispose([found.vectors, again.vectors, asked.vectors]);
    expect(tf.memory().numTensors).toBeLessThan(numTensors);
  });

  it('finds both copies of a double eigenvalue, across restarts, and tells what it did not reach', async () => {
    const entries = [...Array.from({ length: 30 }, (_, i) => 1 + i / 40), 5, 5, -7];
    const map = (v: ParamVector) => [tf.mul(v[0]!, tf.tensor1d(entries))];
    const { numTensors } = tf.memory();
    const found = await lanczos(map, [[entries.length]], { count: 3, basis: 12, tolerance: 1e-3 });
    for (const [k, value] of [-7, 5, 5].entries()) expect(found.values[k]).toBeCloseTo(value, 3);
    expect(found.converged).toBe(true);
    expect(found.vectors).toHaveLength(3);
    const gram = found.vectors.map((x) =>
      found.vectors.map((y) => flat(x).reduce((sum, a, i) => sum + a * flat(y)[i]!, 0)),
    );
    for (const [i, row] of gram.entries())
      for (const [j, product] of row.entries()) expect(product).toBeCloseTo(i === j ? 1 : 0, 4);
    const short = await lanczos(map, [[entries.length]], { count: 3, iterations: 4 });
    expect(short).toMatchObject({ converged: false, reliable: false, iterations: 4 });
    expect(short.reason).toMatch(/a residual ‖Av − λv‖ of [\d.]+ is above the tolerance/);
    tf.dispose([found.vectors, short.vectors]);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('of a map of fewer dimensions than are asked for finds all; of no numbers says so', async () => {
    const sampler = listed([[1, 1]]);
    const map = (v: ParamVector) => [tf.mul(v[0]!, [3, -4])];
    const all = await lanczos(map, [[2]], { count: 5, sampler });
    expect(all).toMatchObject({ converged: true, iterations: 2 });
    expect(all.values.map((value) => Math.round(1e3 * value))).toEqual([-4000, 3000]);
    const none = await lanczos((v: ParamVector) => [tf.mul(v[0]!, Number.NaN)], [[2]], { count: 2, sampler });
    expect(none).toMatchObject({ converged: false, reliable: false, iterations: 1 });
    expect(none.reason).toContain('is the loss finite');
    expect([...none.values, ...none.residuals]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    for (const vector of none.vectors) expect(Math.hypot(...flat(vector))).toBeCloseTo(1, 6);
    tf.dispose([all.vectors, none.vectors]);
  });

  it('goes on where a residual is more than the search took it for, and says which products are none', async () => {
    const entries = Array.from({ length: 40 }, (_, i) => 5 / (1 + i));
    let calls = 0;
    /** Products that are off by the tolerance or so, each in a direction of its own, up to the `last` one. */
    const noisy = (size: number, last: number) => (v: ParamVector) => {
      const k = calls++;
      const noise = entries.map((_, i) => (k < last ? size * Math.sin(7 * k + 3 * i) : 0));
      return [tf.add(tf.mul(v[0]!, entries), noise)];
    };
    const { numTensors } = tf.memory();
    const found = await lanczos(noisy(0.003, 14), [[40]], { count: 1, tolerance: 0.002 });
    expect(found).toMatchObject({ converged: true, reliable: true, iterations: 15 });
    expect(found.values[0]).toBeCloseTo(5, 1);
    // It was taken for done twice before: each time a residual, and the vector that goes on from it.
    expect(calls).toBe(15 + 2 * 2 + 1);
    const never = await lanczos(noisy(0.01, 1e9), [[40]], { count: 1, tolerance: 0.001, iterations: 25 });
    expect(never).toMatchObject({ converged: false, reliable: false, iterations: 25 });
    tf.dispose([found.vectors, never.vectors]);
    expect(tf.memory().numTensors).toBe(numTensors);
    // Two of the search, and the first of two residuals.
    calls = 0;
    const breaking = (v: ParamVector) => [tf.mul(v[0]!, calls++ === 2 ? Number.NaN : [3, -4])];
    const broken = await lanczos(breaking, [[2]], { count: 2, sampler: listed([[1, 1]]) });
    expect(broken).toMatchObject({ converged: false, reliable: false });
    expect(broken.reason).toContain('is the loss finite');
    expect(broken.residuals[1]).toBeLessThan(1e-4);
    tf.dispose(broken.vectors);
  });
});

describe('products', () => {
  it('are of the objective, the loss, the point and the step that are asked for', () => {
    const theta = tf.variable(tf.tensor1d([3, 4]));
    const cubes = (objective?: string) => tf.sum(tf.pow(theta, objective === 'ascent' ? 4 : 3)) as tf.Scalar;
    const oracle = makeOracle(cubes, [theta]);
    const product = (options: Parameters<typeof hvp>[2]) =>
      tf.tidy(() => flat(hvp(oracle, [tf.tensor1d([1, 0])], options))[0]!);
    // θ₀³ has 6 θ₀, θ₀⁴ has 12 θ₀².
    expect(product({})).toBeCloseTo(18, 1);
    expect(product({ at: [tf.tensor1d([1, 5])] })).toBeCloseTo(24, 1);
    expect(product({ objective: 'ascent' })).toBeCloseTo(108, 0);
    expect(product({ loss: () => tf.sum(tf.square(theta)) as tf.Scalar })).toBeCloseTo(2, 2);
    // A central difference of a cubic gradient: 4 ((3 + h)³ − (3 − h)³)/2h = 108 + 4 h², h = 5 · step.
    expect(product({ objective: 'ascent', step: 0.2 })).toBeCloseTo(112, 2);
    expect(
      tf.tidy(() => flat(hessian(oracle, { objective: 'ascent', step: 0.2 })([tf.tensor1d([1, 0])]))[0]),
    ).toBeCloseTo(112, 2);
    for (const step of [0, -1, Number.NaN]) {
      expect(() => tf.tidy(() => void hvp(oracle, [tf.ones([2])], { step }))).toThrow('hvp: expected step');
      expect(() => hessian(oracle, { step })).toThrow('hessian: expected step');
      expect(() => gaussNewton(oracle, {} as never, { step })).toThrow('gaussNewton: expected step');
    }
    expect(() => hvp(oracle, [theta], { kinks: 'warm' as never })).toThrow(/expected kinks to be one of/);
    oracle.dispose();
    theta.dispose();
  });

  it('by default step by 2⁻¹⁰ of θ, and by more of many weights', () => {
    const sizes = [10, 8000].map((size) => {
      const theta = tf.variable(tf.fill([size], 2 / Math.sqrt(size)));
      const seen: number[] = [];
      const loss = () => {
        seen.push(theta.dataSync()[0]!);
        return tf.sum(tf.square(theta)) as tf.Scalar;
      };
      const oracle = makeOracle(loss, [theta]);
      const start = seen[0]!;
      tf.tidy(() => void hessian(oracle)([tf.ones([size])]));
      const moves = seen.map((value) => Math.abs(value - start) * Math.sqrt(size));
      oracle.dispose();
      theta.dispose();
      return Math.max(...moves);
    });
    // ‖θ‖ = 2; of 8,000 weights the step is ∛8 = 2 times as long.
    expect(sizes[0]! / 2 ** -9).toBeCloseTo(1, 2);
    expect(sizes[1]! / 2 ** -8).toBeCloseTo(1, 1);
  });

  it('within a step are no passes of it: its report is of the perturbation', async () => {
    const theta = tf.variable(tf.tensor1d([3, 4]));
    const reports: StepReport[] = [];
    const rule = {
      name: 'curious',
      direction: (oracle: Parameters<typeof hvp>[0]) => {
        const { loss, gradient } = oracle.evaluate();
        hvp(oracle, gradient);
        oracle.evaluate({ perturbation: [tf.tensor1d([0.3, 0.4])] });
        return { loss, direction: gradient };
      },
    };
    const onStep = (report: StepReport) => void reports.push(report);
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), rule, { onStep });
    optimizer.minimize(() => tf.sum(tf.square(theta)) as tf.Scalar, false, [theta]);
    await reportsArrived();
    expect(reports[0]!.perturbationNorm).toBeCloseTo(0.5, 6);
    expect(reports[0]!.surrogateGap).toBeCloseTo(3.3 ** 2 + 4.4 ** 2 - 25, 4);
    optimizer.dispose();
    theta.dispose();
  });
});

describe('the low-rank metric', () => {
  it.each(['ascent', 'descent'] as const)(
    'differences gradients of the %s objective by 2⁻¹³ of θ',
    (objective) => {
      const theta = tf.variable(tf.tensor1d([3, 4]));
      const slopes = { ascent: [9, 0], descent: [0, 4] };
      const moves: number[] = [];
      const loss = (asked: 'ascent' | 'descent' = 'descent') => {
        const [a, b] = theta.dataSync();
        if (asked === objective) moves.push(Math.hypot(a! - 3, b! - 4));
        return tf.mul(0.5, tf.sum(tf.mul(slopes[asked], tf.square(theta)))) as tf.Scalar;
      };
      const oracle = makeOracle(loss, [theta]);
      moves.length = 0;
      tf.tidy(() => {
        const g = [tf.tensor1d([1, 1])];
        const inner = hessianLowRankMetric({ rank: 1, objective }).at(g, oracle);
        // G = I + |λ| v vᵀ of the largest: 1 + 9 along the first axis, or 1 + 4 along the second.
        const stretched = slopes[objective].map((slope) => 1 + slope);
        for (const [i, entry] of flat(inner.apply(g)).entries()) expect(entry).toBeCloseTo(stretched[i]!, 1);
        for (const [i, entry] of flat(inner.solve(g)).entries())
          expect(entry).toBeCloseTo(1 / stretched[i]!, 2);
      });
      // ‖θ‖ = 5.
      expect(Math.max(...moves) / (5 * 2 ** -13)).toBeCloseTo(1, 2);
      oracle.dispose();
      theta.dispose();
    },
  );
});

describe('gaussNewton', () => {
  it.each(['given', 'by differences'])('is XᵀS X of linear outputs, S %s', (way) => {
    const x = tf.tensor2d([1, -0.5, 0.3, 2, -1, 0.7], [3, 2]);
    const w = tf.variable(tf.tensor2d([0.1, -0.4, 0.2, 0.3, 0.5, -0.6], [2, 3]));
    const v = tf.tensor2d([0.5, 1, -0.2, -0.7, 0.1, 0.9], [2, 3]);
    const labels = tf.tensor2d([1, 0, 0, 0, 0, 1, 0, 1, 0], [3, 3]);
    const outputs = () => tf.matMul(x, w as unknown as tf.Tensor2D);
    const cases = [
      {
        ...crossEntropyOf(labels),
        curved: (u: tf.Tensor) => {
          const p = tf.softmax(outputs());
          return tf.div(tf.sub(tf.mul(p, u), tf.mul(p, tf.sum(tf.mul(p, u), 1, true))), 3);
        },
      },
      { ...squaredErrorOf(labels), curved: (u: tf.Tensor) => tf.div(u, 3) },
    ];
    for (const { lossOf, curvature, curved } of cases) {
      const oracle = makeOracle(() => lossOf(outputs()), [w]);
      const map = gaussNewton(oracle, { outputs, lossOf, ...(way === 'given' && { curvature }) });
      const [got, want] = tf.tidy(() => [
        flat(map([v])),
        flat([tf.matMul(x, curved(tf.matMul(x, v)) as tf.Tensor2D, true)]),
      ]);
      for (const [i, value] of want!.entries()) expect(got![i]).toBeCloseTo(value, 3);
      expect(map.shapes).toEqual([[2, 3]]);
      oracle.dispose();
    }
    tf.dispose([x, w, v, labels]);
  });
});
