import * as tf from '@tensorflow/tfjs';
import { hessian, hutchinsonTrace, lanczos, makeOracle } from '@tfjs-sam/core';
import {
  attack,
  averageSharpness,
  between,
  calibration,
  diagonal,
  landscape,
  landscapeHtml,
  landscapeSvg,
  matrixOf,
  measure,
  powerIteration,
  robustAccuracy,
  spectralDensity,
  spectrum,
  trajectory,
} from '@tfjs-sam/sharpness';
import { exactNetwork, useBackend } from '@tfjs-sam/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let theta: tf.Variable;
let before: number;
beforeEach(async () => {
  await useBackend('wasm');
  before = tf.memory().numTensors;
  theta = tf.variable(tf.tensor1d([1, 2, 3]));
  before = tf.memory().numTensors - 1;
});
afterEach(() => {
  theta.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

/** Runs on an oracle of a loss, which is freed. */
async function on<T>(loss: () => tf.Scalar, f: (oracle: ReturnType<typeof makeOracle>) => Promise<T>) {
  const oracle = makeOracle(loss, [theta]);
  try {
    return await f(oracle);
  } finally {
    oracle.dispose();
  }
}

/** Of Hessian diag(12, 48, 108). */
const quartic = () => tf.tidy(() => tf.sum(tf.pow(theta, 4))) as tf.Scalar;
/** NaN, of a gradient that is finite. */
const logarithm = () => tf.tidy(() => tf.log(tf.neg(tf.sum(theta)))) as tf.Scalar;
const infinite = () => tf.tidy(() => tf.div(tf.sum(theta), 0)) as tf.Scalar;

describe('more than there are weights', () => {
  it('of eigenvalues: all there are', async () => {
    for (const method of ['lanczos', 'power'] as const) {
      const { eigenvalues, residuals, reliable, reason } = await on(quartic, (oracle) =>
        spectrum(oracle, undefined, { count: 5, probes: 0, method }),
      );
      expect({ reliable, reason, count: residuals.length }).toEqual({ reliable: true, count: 3 });
      for (const [k, exact] of [108, 48, 12].entries()) expect(eigenvalues[k]! / exact).toBeCloseTo(1, 2);
    }
  });

  it('of Hutch++’s rank: nothing counts twice', async () => {
    const found = await on(quartic, (oracle) => spectrum(oracle, undefined, { rank: 5, probes: 4 }));
    expect(found.trace!.value / 168).toBeCloseTo(1, 2);
    expect(found.frobeniusSquared!.value / (12 ** 2 + 48 ** 2 + 108 ** 2)).toBeCloseTo(1, 2);
    // A matrix of rank one has no more to find.
    const sum = () => tf.tidy(() => tf.square(tf.sum(theta))) as tf.Scalar;
    const { value } = await on(sum, (oracle) => hutchinsonTrace(oracle, { rank: 2, probes: 4 }));
    expect(value).toBeCloseTo(6, 1);
  });

  it('of steps of a density', async () => {
    const { nodes, weights, reliable } = await on(quartic, (oracle) => spectralDensity(hessian(oracle), {}));
    expect(reliable).toBe(true);
    expect(nodes).toHaveLength(5 * 3);
    expect(weights.reduce((total, weight) => total + weight, 0)).toBeCloseTo(1, 5);
  });
});

describe('losses that are not finite', () => {
  it.each([
    ['NaN, with a finite gradient', logarithm, /the loss at θ is NaN/],
    ['infinite', infinite, /not finite|is Infinity/],
  ])('say so everywhere: %s', async (_, loss, reason) => {
    const found = await measure({ loss, variables: [theta] }, undefined, { spectrum: { probes: 3 } });
    const { spectrum: ends, worstCase, average, reliable } = found;
    for (const each of [ends!, ends!.trace!, ends!.frobeniusSquared!]) {
      expect(each.reliable).toBe(false);
      expect(each.reason).toMatch(reason);
    }
    expect(worstCase).toMatchObject({ reliable: false, reason: expect.stringContaining('smaller rho') });
    expect(average).toMatchObject({ reliable: false, reason: expect.stringContaining('smaller sigma') });
    expect(reliable).toBe(false);
  });

  it('end every search', async () => {
    await on(infinite, async (oracle) => {
      const { map } = matrixOf(oracle);
      for (const search of [lanczos, powerIteration]) {
        const { vectors, values, reliable, reason } = await search(map, { count: 2 });
        expect(values.every(Number.isNaN)).toBe(true);
        expect(reliable).toBe(false);
        expect(reason).toContain('is the loss finite near θ?');
        tf.dispose(vectors);
      }
      const entries = await diagonal(map, { probes: 2 });
      tf.dispose([entries.values, entries.standardErrors]);
      for (const each of [entries, await spectralDensity(map, { steps: 2 }), await hutchinsonTrace(map)])
        expect(each).toMatchObject({ reliable: false, reason: expect.stringContaining('not finite') });
    });
  });
});

it('measures a loss that is flat, and one that falls in all directions', async () => {
  const flat = await measure({ loss: () => tf.tidy(() => tf.sum(theta)), variables: [theta] });
  expect(flat.spectrum).toMatchObject({ eigenvalues: [0], reliable: true, trace: { value: 0 } });
  expect(flat.worstCase!.value).toBeCloseTo(0.05 * Math.sqrt(3), 4);
  const entries = await on(
    () => tf.tidy(() => tf.sum(theta)) as tf.Scalar,
    (oracle) => diagonal(matrixOf(oracle).map),
  );
  expect(entries).toMatchObject({ relativeError: 0, reliable: true });
  tf.dispose([entries.values, entries.standardErrors]);
  const hill = () => tf.tidy(() => tf.neg(tf.sum(tf.square(theta)))) as tf.Scalar;
  const fallen = await measure({ loss: hill, variables: [theta] });
  expect(fallen.spectrum!.eigenvalues[0]).toBeCloseTo(-2, 3);
  expect(fallen.average!.value).toBeLessThan(0);
  expect(await on(hill, (oracle) => averageSharpness(oracle, { sigma: 0.1 }))).toMatchObject({
    reliable: true,
  });
});

describe('small weights on large inputs, where a loss bends within the usual step', () => {
  /** Of Σ (aᵢ θᵢ)⁴/12 the Hessian is diag(aᵢ⁴ θᵢ²). */
  const scale = 300;
  const bent = () => tf.tidy(() => tf.div(tf.sum(tf.pow(tf.mul(scale, theta), 4)), 12)) as tf.Scalar;
  const at = [1, 2, 3].map((i) => i / 1000);
  const exact = at.map((x) => scale ** 4 * x ** 2);
  beforeEach(() => tf.tidy(() => void theta.assign(tf.tensor1d(at))));

  it('take a finer one: trace, Frobenius norm, diagonal and density', async () => {
    await on(bent, async (oracle) => {
      const map = hessian(oracle);
      const { value, standardError, frobeniusSquared, reliable } = await hutchinsonTrace(map, { probes: 4 });
      const [trace, squares] = [1, 2].map((k) => exact.reduce((sum, x) => sum + x ** k, 0));
      expect(reliable && frobeniusSquared.reliable).toBe(true);
      expect(Math.abs(value / trace! - 1)).toBeLessThan(0.01);
      expect(Math.abs(value - trace!)).toBeLessThan(3 * standardError);
      expect(Math.abs(frobeniusSquared.value / squares! - 1)).toBeLessThan(0.02);
      const { values, standardErrors, reliable: known } = await diagonal(map, { probes: 2 });
      expect(known).toBe(true);
      for (const [i, x] of values[0]!.dataSync().entries()) expect(x / exact[i]!).toBeCloseTo(1, 1);
      tf.dispose([values, standardErrors]);
      const { nodes, reliable: seen } = await spectralDensity(map, { probes: 2 });
      expect(seen).toBe(true);
      expect(Math.max(...nodes) / exact[2]!).toBeCloseTo(1, 2);
    });
  });

  it('say so where the step was asked for', async () => {
    await on(bent, async (oracle) => {
      const map = hessian(oracle, { step: 2 ** -8 });
      const { reliable, reason, frobeniusSquared } = await hutchinsonTrace(map, { probes: 4 });
      expect([reliable, frobeniusSquared.reliable]).toEqual([false, false]);
      expect(reason).toContain('disagree');
      const { values, standardErrors, reliable: known } = await diagonal(map, { probes: 2 });
      expect(known).toBe(false);
      tf.dispose([values, standardErrors]);
    });
  });
});

describe('spectral density', () => {
  it('has standard errors that are the spread of other draws', async () => {
    const network = exactNetwork('mlp-tanh');
    const oracle = makeOracle(network.loss, network.variables);
    const map = hessian(oracle);
    const drawn = [];
    for (let seed = 0; seed < 12; seed++) {
      const { at, standardErrorAt, reliable } = await spectralDensity(map, { steps: 8, probes: 4, seed });
      expect(reliable).toBe(true);
      drawn.push([at(0.2, 0.1), standardErrorAt(0.2, 0.1)] as const);
    }
    const mean = drawn.reduce((sum, [value]) => sum + value, 0) / drawn.length;
    const spread = Math.sqrt(
      drawn.reduce((sum, [value]) => sum + (value - mean) ** 2, 0) / (drawn.length - 1),
    );
    const stated = Math.sqrt(drawn.reduce((sum, [, error]) => sum + error ** 2, 0) / drawn.length);
    // A ratio of 11 and 36 degrees of freedom.
    expect(spread / stated).toBeGreaterThan(0.5);
    expect(spread / stated).toBeLessThan(1.7);
    const one = await spectralDensity(map, { steps: 8, probes: 1 });
    expect(one).toMatchObject({ reliable: false, reason: expect.stringContaining('draw more probes') });
    expect(one.standardErrorAt(0.2, 0.1)).toBeNaN();
    // Steps that are too long for the loss.
    const coarse = await spectralDensity(hessian(oracle, { step: 0.5 }), { steps: 3 });
    expect(coarse).toMatchObject({ reliable: false, reason: expect.stringContaining('disagree') });
    await expect(spectralDensity(map, { steps: 0 })).rejects.toThrow('steps to be an integer >= 1, got 0');
    await expect(spectralDensity(map, { probes: 0 })).rejects.toThrow('probes to be an integer >= 1, got 0');
    oracle.dispose();
    network.dispose();
  });

  it('beside Hutch++’s Frobenius norm, which is exact where the spectrum is', async () => {
    const network = exactNetwork('mlp-relu');
    const { frobeniusSquared: exact } = network.reference.gaussNewton!;
    const oracle = makeOracle(network.loss, network.variables);
    const { frobeniusSquared } = await spectrum(oracle, network, { probes: 10, rank: 30, tolerance: 0.05 });
    const { value, standardError, reliable } = frobeniusSquared!;
    expect(reliable).toBe(true);
    // Ten probes alone are off by a fifth.
    expect(standardError! / exact).toBeLessThan(0.01);
    expect(Math.abs(value - exact)).toBeLessThan(3 * standardError!);
    oracle.dispose();
    network.dispose();
  });
});

describe('models', () => {
  const data = () => ({ x: tf.randomNormal([16, 6], 0, 1, 'float32', 1), y: tf.range(0, 16, 1, 'int32') });
  const model = (loss: string | string[]) => {
    const dense = (units: number, seed: number, more: object) =>
      tf.layers.dense({ units, kernelInitializer: tf.initializers.glorotUniform({ seed }), ...more });
    const made = tf.sequential({
      layers: [dense(4, 1, { inputShape: [6], activation: 'relu' }), dense(1, 2, {})],
    });
    made.compile({ optimizer: 'sgd', loss });
    return made;
  };
  const only = { spectrum: { probes: 0 }, average: false, worstCase: false } as const;

  it('read targets [batch] as [batch, 1], as fit does', async () => {
    const [net, { x, y }] = [model(['meanSquaredError']), data()];
    const found = await measure(net, { x, y }, only);
    const evaluated = net.evaluate(x, y) as tf.Scalar;
    expect(found.loss).toBeCloseTo(evaluated.dataSync()[0]!, 3);
    const wide = tf.ones([16, 2]);
    await expect(measure(net, { x, y: wide }, only)).rejects.toThrow();
    tf.dispose([x, y, wide, evaluated]);
    net.dispose();
  });

  it('are refused where their loss would read the data as something else', async () => {
    const { x, y: classes } = data();
    const wrong: [loss: string, y: tf.Tensor, message: RegExp][] = [
      ['meanSquaredError', tf.ones([9, 1]), /as many targets as examples.*x \[16,6\] and y \[9,1\]/],
      ['meanSquaredError', tf.ones([16, 2]), /expected y \[batch,1\] for meanSquaredError.*y \[16,2\]/],
      ['binaryCrossentropy', tf.fill([16], 2), /numbers in \[0, 1\].*got 16 that are not/],
      ['categoricalCrossentropy', tf.fill([16, 1], 2), /distributions over the classes.*got 16/],
      ['categoricalCrossentropy', tf.ones([16]), /expected y \[batch,1\] for categoricalCrossentropy/],
      ['sparseCategoricalCrossentropy', tf.range(0, 16), /integers from 0 to below.*got 15/],
      ['sparseCategoricalCrossentropy', tf.fill([16], 0.5), /got 16 that are not/],
    ];
    const { numTensors } = tf.memory();
    for (const [loss, y, message] of wrong) {
      const net = model(loss);
      await expect(measure(net, { x, y }, { ...only, batchSize: 5 })).rejects.toThrow(message);
      net.dispose();
    }
    const net = model('meanSquaredError');
    const none = { x: tf.zeros([0, 6]), y: tf.zeros([0, 1]) };
    await expect(measure(net, none, only)).rejects.toThrow('at least one');
    const subject = { loss: () => tf.tidy(() => tf.sum(theta)) as tf.Scalar, weight: -1 };
    await expect(measure([subject], undefined, only)).rejects.toThrow('weight to be a finite number > 0');
    net.dispose();
    // Those of no examples.
    expect(tf.memory().numTensors).toBe(numTensors + 2);
    const input = tf.input({ shape: [6] });
    const heads = [1, 2].map((seed) => tf.layers.dense({ units: 1, name: `head${seed}` }).apply(input));
    const two = tf.model({ inputs: input, outputs: heads as tf.SymbolicTensor[] });
    two.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    await expect(measure(two, none, only)).rejects.toThrow('one input and one output, got 1 and 2');
    two.dispose();
    tf.dispose([x, classes, none.x, none.y, wrong.map(([, y]) => y)]);
  });

  it('that end in a softmax which is used before as well keep it', async () => {
    const input = tf.input({ shape: [3] });
    const layer = tf.layers.dense({ units: 3, activation: 'softmax' });
    const outputs = layer.apply(layer.apply(input)) as tf.SymbolicTensor;
    const net = tf.model({ inputs: input, outputs });
    net.loss = 'categoricalCrossentropy';
    const x = tf.randomNormal([8, 3], 0, 1, 'float32', 4);
    const y = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], 'int32'), 3, 1, 0, 'float32');
    const { numTensors } = tf.memory();
    const { loss } = await measure(net, { x, y }, only);
    expect(tf.memory().numTensors).toBe(numTensors);
    const wanted = tf.tidy(() => tf.neg(tf.mean(tf.sum(tf.mul(y, tf.log(net.predict(x) as tf.Tensor)), 1))));
    expect(loss).toBeCloseTo(wanted.dataSync()[0]!, 5);
    // TensorFlow.js counts a layer once for each use, and does not dispose it.
    before = tf.memory().numTensors - 1;
  });

  it('of which a part is frozen are measured in the rest, and refused where all is', async () => {
    const [net, { x, y }] = [model('meanSquaredError'), data()];
    net.layers[0]!.trainable = false;
    const found = await measure(net, { x, y }, { ...only, groups: 'layers' });
    expect(Object.keys(found.groups!)).toEqual([net.layers[1]!.name]);
    expect(found.groups![net.layers[1]!.name]!.eigenvalues[0]).toBeCloseTo(
      found.spectrum!.eigenvalues[0]!,
      3,
    );
    net.layers[1]!.trainable = false;
    await expect(measure(net, { x, y }, only)).rejects.toThrow('expected at least one trainable variable');
    tf.dispose([x, y]);
    net.layers.forEach((layer) => {
      layer.trainable = true;
    });
    net.dispose();
  });
});

describe('landscapes and paths', () => {
  it('go on with the same coordinates alone', async () => {
    const along = [tf.ones([3])];
    await on(quartic, async (oracle) => {
      const part = await landscape(oracle, [along], { x: [0, 1, 2] });
      await expect(landscape(oracle, [along], { x: [0, 5, 6], resume: part })).rejects.toThrow(
        'expected to go on with a landscape of the same x, [0,5,6], got one of [0,1,2]',
      );
      await expect(landscape(oracle, [] as never)).rejects.toThrow('expected one or two directions, got 0');
      await expect(landscape(oracle, [along], { x: [] })).rejects.toThrow('x to be finite coordinates');
      const short = [tf.ones([1])];
      await expect(landscape(oracle, [short], { x: [0] })).rejects.toThrow('of the shapes [3], got [1]');
      expect(() => between(along, [...along, ...short])).toThrow('of the shapes [3], got [3], [1]');
      tf.dispose(short);
    });
    tf.dispose(along);
  });

  it('are drawn where losses are below zero, and where nothing is finite', () => {
    const [x, y] = [
      [0, 1, 2],
      [0, 1],
    ] as const;
    const below = {
      x,
      y,
      z: [
        [-1, -2, -3],
        [-4, -5, 9],
      ],
    };
    const fills = landscapeSvg(below).match(/fill="rgb[^"]*"/g)!;
    expect(new Set(fills).size).toBe(6);
    expect(landscapeSvg(below, 'Below', 'surface')).toContain('loss -5 to 9, on a linear scale');
    const nothing = {
      x,
      y,
      z: [
        [Number.NaN, Number.NaN, Number.NaN],
        [Number.NaN, Number.NaN, Number.NaN],
      ],
    };
    expect(landscapeHtml(nothing)).not.toMatch(/(d|points|[xy]|width|height)="[^"]*(NaN|Infinity)/);
  });

  it('on a line have one component, and nowhere none', async () => {
    const at = (values: number[]) => [tf.tensor1d(values)];
    const line = [at([0, 0]), at([1, 2]), at([2, 4])];
    const { points, explained, directions } = await trajectory(line);
    expect(explained).toEqual([1, 0]);
    for (const [, second] of points) expect(second).toBeCloseTo(0, 10);
    expect([...directions[1][0]!.dataSync()]).toEqual([0, 0]);
    const still = [at([1, 1]), at([1, 1]), at([1, 1])];
    await expect(trajectory(still)).rejects.toThrow('expected snapshots that differ');
    tf.dispose([line, still, directions]);
  });
});

describe('attacks and scores', () => {
  const x = () =>
    tf.tensor2d([
      [0.3, 0.1],
      [-0.2, -0.3],
    ]);
  const labels = () =>
    tf.tensor2d([
      [1, 0],
      [0, 1],
    ]);

  it('do not count what is not finite as right', async () => {
    const [inputs, wanted] = [x(), labels()];
    const broken = (z: tf.Tensor) => tf.mul(tf.concat([tf.sum(z, 1, true), tf.zeros([2, 1])], 1), Number.NaN);
    for (const { accuracy } of await robustAccuracy(broken, inputs, wanted, [0, 0.1]))
      expect(accuracy).toBe(0);
    tf.dispose([inputs, wanted]);
  });

  it('do not count as right what is wrong without an attack', async () => {
    const [inputs, wanted] = [x(), labels()];
    // An attack climbs from a wrong example, over the top of its loss, to where it is right.
    const periodic = (z: tf.Tensor) =>
      tf.tidy(() => {
        const wave = tf.cos(tf.mul(40, tf.sum(z, 1, true)));
        return tf.concat([wave, tf.neg(wave)], 1);
      });
    const clean = await robustAccuracy(periodic, inputs, wanted, [0]);
    for (const { accuracy } of await robustAccuracy(periodic, inputs, wanted, [0.01, 0.04, 0.08, 0.3]))
      expect(accuracy).toBeLessThanOrEqual(clean[0]!.accuracy);
    tf.dispose([inputs, wanted]);
  });

  it('refuse what they cannot score', async () => {
    const [inputs, wanted] = [x(), labels()];
    const logits = (z: tf.Tensor) => tf.concat([z, tf.neg(z)], 1);
    const [none, classes] = [tf.zeros([0, 2]), tf.tensor1d([0, 1])];
    await expect(robustAccuracy(logits, inputs, wanted, [0.1], { restarts: 0 })).rejects.toThrow(
      'restarts to be an integer >= 1, got 0',
    );
    await expect(robustAccuracy(logits, none, wanted, [0.1])).rejects.toThrow('examples');
    await expect(calibration(inputs, classes)).rejects.toThrow(
      "labels of the logits' shape, distributions over the 2 classes, got 2 numbers for 4",
    );
    expect(() => attack((z) => tf.sum(z), inputs, { epsilon: 0.1, stepSize: -1 })).toThrow('stepSize');
    tf.dispose([inputs, wanted, none, classes]);
  });
});
