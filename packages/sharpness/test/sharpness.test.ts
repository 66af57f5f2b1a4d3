import * as tf from '@tensorflow/tfjs';
import {
  crossEntropyOf,
  elementwiseMetric,
  euclideanMetric,
  fisherMetric,
  hessian,
  hessianDiagonalMetric,
  hessianLowRankMetric,
  makeOracle,
  mongeMetric,
  sgd,
  sharpnessAware,
} from '@tfjs-sam/core';
import {
  adversarialLoss,
  attack,
  averageSharpness,
  between,
  calibration,
  counting,
  diagonal,
  filterNormalised,
  gradientNorm,
  landscape,
  landscapeCsv,
  landscapeHtml,
  landscapeSvg,
  matrixOf,
  measure,
  mSharpness,
  normaliseLogits,
  parseLandscape,
  powerIteration,
  robustAccuracy,
  spectralDensity,
  spectrum,
  trajectory,
  withOracle,
  worstCaseSharpness,
} from '@tfjs-sam/sharpness';
import { exactNetwork, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';

beforeAll(() => useBackend('wasm'));

/** ½ Σ aᵢ θᵢ² at θ. */
function bowl(a: readonly number[], at: readonly number[]) {
  const theta = tf.variable(tf.tensor1d([...at]));
  const loss = () =>
    tf.tidy(() => tf.mul(0.5, tf.sum(tf.mul(tf.tensor1d([...a]), tf.square(theta))))) as tf.Scalar;
  const own = makeOracle(loss, [theta]);
  return { theta, loss, ...counting(own), dispose: () => [own.dispose(), theta.dispose()] };
}

describe('worst case', () => {
  it('is SAM’s sharpness for one step, and finds the sharp direction from the bottom', async () => {
    const slope = bowl([1, 1], [3, 4]);
    // ½(5 + ρ)² − ½ 5².
    const one = await worstCaseSharpness(slope.oracle, { rho: 0.1, steps: 1 });
    expect(one.value).toBeCloseTo(0.505, 4);
    expect(one.distance).toBeCloseTo(0.1, 5);
    expect(slope.cost()).toEqual({ gradients: 0, values: 1 });
    slope.dispose();
    const valley = bowl([10, 1], [1e-3, 1e-2]);
    const found = await worstCaseSharpness(valley.oracle, { rho: 0.5, steps: 20 });
    // ½ · 10 · ρ² at most.
    expect(found.value).toBeGreaterThan(1.2);
    expect(found.value).toBeLessThan(1.27);
    expect(valley.cost()).toEqual({ gradients: 19, values: 20 });
    valley.dispose();
  });

  it('respects the ball of any metric', async () => {
    const { oracle, dispose } = bowl([1, 1], [3, 0.1]);
    const { numTensors } = tf.memory();
    const box = await worstCaseSharpness(oracle, { rho: 0.1, steps: 5, restarts: 2, metric: 'infinity' });
    // The corner (3.1, 0.2).
    expect(box.value).toBeCloseTo(0.5 * (3.1 ** 2 + 0.2 ** 2 - 3 ** 2 - 0.1 ** 2), 3);
    for (const metric of [elementwiseMetric(), mongeMetric()]) {
      const found = await worstCaseSharpness(oracle, { rho: 0.1, steps: 8, metric });
      expect(found.reliable).toBe(true);
      expect(found.value).toBeGreaterThan(0);
    }
    // Elementwise: Σ (δᵢ/|θᵢ|)² <= ρ², so that the first entry moves by 3ρ.
    const adaptive = await worstCaseSharpness(oracle, {
      rho: 0.1,
      steps: 1,
      metric: elementwiseMetric({ eta: 0 }),
    });
    expect(adaptive.distance).toBeCloseTo(0.3, 2);
    expect(tf.memory().numTensors).toBe(numTensors);
    dispose();
  });
});

it.each([
  euclideanMetric(),
  elementwiseMetric(),
  mongeMetric(),
  fisherMetric(),
  hessianDiagonalMetric({ probes: 16 }),
  hessianLowRankMetric({ rank: 1 }),
])('the worst case in the $name metric is that of its ball, which float64 walks round', async (metric) => {
  const [a, at, rho] = [[10, 1], [0.3, -0.8], 0.4] as const;
  const { oracle, dispose } = bowl(a, at);
  const ball = tf.tidy(() => {
    const inner = metric.at(oracle.evaluate().gradient, oracle);
    return [
      [1, 0],
      [0, 1],
    ].map((unit) => [...inner.apply([tf.tensor1d(unit)])[0]!.dataSync()]);
  });
  const lossAt = (x: number, y: number) => 0.5 * (a[0] * x * x + a[1] * y * y);
  const around = Array.from({ length: 20_000 }, (_, i) => {
    const [x, y] = [Math.cos((i * Math.PI) / 10_000), Math.sin((i * Math.PI) / 10_000)];
    const [[xx, xy], [, yy]] = ball as [[number, number], [number, number]];
    const length = rho / Math.sqrt(xx * x * x + 2 * xy * x * y + yy * y * y);
    return lossAt(at[0] + length * x, at[1] + length * y) - lossAt(...at);
  });
  const found = await worstCaseSharpness(oracle, { rho, steps: 20, restarts: 3, metric });
  expect(found.reliable).toBe(true);
  expect(found.value / Math.max(...around)).toBeLessThan(1 + 1e-5);
  expect(found.value / Math.max(...around)).toBeGreaterThan(0.99);
  dispose();
});

it('averages over a ball: ½σ² tr H on a quadratic', async () => {
  const { oracle, cost, dispose } = bowl([3, 1, 2], [1, 1, 1]);
  const found = await averageSharpness(oracle, { sigma: 0.1, samples: 200 });
  expect(Math.abs(found.value - 0.5 * 0.01 * 6)).toBeLessThan(3 * found.standardError!);
  expect(found.reliable).toBe(true);
  expect(cost()).toEqual({ gradients: 0, values: 400 });
  dispose();
});

describe('spectra', () => {
  it.each(['hessian', 'gauss-newton'] as const)(
    'has eigenvalues, trace and Frobenius norm of a network: %s',
    async (matrix) => {
      const network = exactNetwork('cnn-relu-pool');
      const exact = network.reference[matrix === 'hessian' ? 'hessian' : 'gaussNewton']!;
      const own = makeOracle(network.loss, network.variables);
      const { oracle, cost } = counting(own);
      const found = await spectrum(oracle, network, { matrix, count: 2, probes: 20 });
      expect(found.reliable, found.reason).toBe(true);
      expect(Math.abs(found.eigenvalues[0]! / exact.eigenvalues[0]! - 1)).toBeLessThan(0.01);
      expect(Math.abs(found.eigenvalues[1]! - exact.eigenvalues[1]!)).toBeLessThan(0.01 * exact.largest);
      const { trace, frobeniusSquared } = found;
      expect(Math.abs(trace!.value - exact.trace)).toBeLessThan(3 * trace!.standardError!);
      expect(Math.abs(frobeniusSquared!.value - exact.frobeniusSquared)).toBeLessThan(
        3 * frobeniusSquared!.standardError!,
      );
      const { gradients, values } = cost();
      // A value notes the kinks of a function: of the loss, or of the outputs and of their product.
      expect(matrix === 'hessian' ? values - 1 : values - 2 * gradients - 2).toBe(0);
      own.dispose();
      network.dispose();
    },
  );

  it('finds the top Gauss–Newton eigenvalue of a ResNet in 30 gradients', async () => {
    const network = exactNetwork('resnet');
    const own = makeOracle(network.loss, network.variables);
    const { oracle, cost } = counting(own);
    const found = await spectrum(oracle, network, { probes: 0, tolerance: 0.05 });
    expect(found).toMatchObject({ matrix: 'gauss-newton', reliable: true });
    expect(Math.abs(found.eigenvalues[0]! / network.reference.gaussNewton!.largest - 1)).toBeLessThan(0.01);
    // A value is a third of a gradient.
    expect(cost().gradients + cost().values / 3).toBeLessThanOrEqual(30);
    own.dispose();
    network.dispose();
  });

  it('has the top by power iteration, and the diagonal with its errors', async () => {
    const network = exactNetwork('mlp-relu');
    const { numTensors } = tf.memory();
    const own = makeOracle(network.loss, network.variables);
    const { oracle, cost } = counting(own);
    const { map } = matrixOf(oracle, network);
    const exact = network.reference.gaussNewton!;
    const top = await powerIteration(map, { count: 2, iterations: 60 });
    expect(top.reliable, top.reason).toBe(true);
    expect(Math.abs(top.values[0]! / exact.eigenvalues[0]! - 1)).toBeLessThan(0.01);
    expect(Math.abs(top.values[1]! - exact.eigenvalues[1]!)).toBeLessThan(0.01 * exact.largest);
    expect(cost().gradients).toBe(top.iterations + 2);
    tf.dispose(top.vectors);
    const hurried = await powerIteration(map, { iterations: 2 });
    expect(hurried).toMatchObject({ reliable: false, reason: expect.stringContaining('use lanczos') });
    tf.dispose(hurried.vectors);
    const before = cost().gradients;
    const found = await diagonal(map, { probes: 40 });
    expect(cost().gradients - before).toBe(42);
    const truth = network.vector(exact.diagonal);
    const flat = (x: readonly tf.Tensor[]) => x.flatMap((tensor) => [...tensor.dataSync()]);
    const [values, errors, wanted] = [found.values, found.standardErrors, truth].map(flat);
    // Entries of units that are off are exactly zero.
    const on = values!.flatMap((_, i) => (errors![i]! > 0 ? [i] : []));
    const score = on.map((i) => ((values![i]! - wanted![i]!) / errors![i]!) ** 2);
    // Squares of t-distributed numbers of 39 degrees, of mean 1.05.
    expect(score.reduce((sum, x) => sum + x, 0) / score.length).toBeLessThan(1.4);
    const off = Math.hypot(...values!.map((value, i) => value - wanted![i]!)) / Math.hypot(...wanted!);
    expect(off).toBeLessThan(1.5 * found.relativeError);
    expect(found.reliable).toBe(found.relativeError < 0.25);
    tf.dispose([found.values, found.standardErrors, truth]);
    own.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    network.dispose();
  });

  it.each(['hessian', 'gauss-newton'] as const)(
    'of batches of several sizes is that of the whole: %s',
    async (matrix) => {
      const network = exactNetwork('mlp-relu');
      const exact = network.reference[matrix === 'hessian' ? 'hessian' : 'gaussNewton']!;
      const { batch } = network.reference;
      const slices = [
        [0, 40],
        [40, batch - 40],
      ].map(([from, size]) => network.slice(from!, size!));
      const batches = slices.map((parts, i) => ({
        parts,
        loss: () => tf.tidy(() => parts.lossOf(parts.outputs())),
        weight: [40, batch - 40][i]!,
        variables: network.variables,
      }));
      const { numTensors } = tf.memory();
      const whole = await measure(batches, undefined, {
        spectrum: { matrix, count: 2, probes: 10 },
        average: false,
        worstCase: { steps: 2 },
      });
      expect(whole.loss).toBeCloseTo(network.reference.value, 5);
      expect(Math.abs(whole.spectrum!.eigenvalues[0]! / exact.eigenvalues[0]! - 1)).toBeLessThan(0.01);
      expect(whole.spectrum).toMatchObject({ reliable: true, trace: { reliable: true } });
      const { trace } = whole.spectrum!;
      expect(Math.abs(trace!.value - exact.trace)).toBeLessThan(3 * trace!.standardError!);
      const alone = await measure({ loss: network.loss, variables: network.variables }, undefined, {
        spectrum: false,
        average: false,
        worstCase: { steps: 2 },
      });
      expect(whole.worstCase!.value).toBeCloseTo(alone.worstCase!.value, 4);
      expect(tf.memory().numTensors).toBe(numTensors);
      // A product of each batch: two gradients and a value, or one gradient, two values and two more.
      const product = await withOracle({ batches, variables: network.variables }, async (oracle) => {
        const { map } = matrixOf(oracle, batches, matrix);
        tf.dispose(tf.tidy(() => map(network.variables.map((v) => tf.onesLike(v) as tf.Tensor))));
        return 0;
      });
      expect(product.cost).toEqual(
        matrix === 'hessian' ? { gradients: 4, values: 2 } : { gradients: 2, values: 8 },
      );
      network.dispose();
    },
  );

  it('has a density whose moments are the matrix’s', async () => {
    const network = exactNetwork('mlp-tanh');
    const oracle = makeOracle(network.loss, network.variables);
    const { nodes, weights, at } = await spectralDensity(hessian(oracle), { steps: 25, probes: 8 });
    const size = network.variables.reduce((sum, variable) => sum + variable.size, 0);
    const moment = (k: number) => nodes.reduce((sum, node, i) => sum + weights[i]! * node ** k, 0) * size;
    expect(moment(0)).toBeCloseTo(size, 3);
    expect(Math.abs(moment(1) / network.reference.hessian!.trace - 1)).toBeLessThan(0.15);
    expect(Math.abs(moment(2) / network.reference.hessian!.frobeniusSquared - 1)).toBeLessThan(0.25);
    expect(at(0, 0.05)).toBeGreaterThan(at(1, 0.05));
    oracle.dispose();
    network.dispose();
  });
});

it('costs what the README says', async () => {
  const network = exactNetwork('mlp-tanh');
  const own = makeOracle(network.loss, network.variables);
  const { oracle, cost } = counting(own);
  let before = cost();
  /** What was evaluated since the last call. */
  const since = () => {
    const now = cost();
    const spent = [now.gradients - before.gradients, now.values - before.values];
    before = now;
    return spent;
  };
  const { map } = matrixOf(oracle, undefined, 'hessian');
  tf.tidy(() => void map(network.variables.map((v) => tf.onesLike(v) as tf.Tensor)));
  // A value notes the kinks, once.
  expect(since()).toEqual([2, 1]);
  await spectralDensity(map, { steps: 4, probes: 3 });
  // Two more compare difference steps.
  expect(since()).toEqual([2 * (4 * 3 + 2), 0]);
  const { trace } = await spectrum(oracle, undefined, { probes: 5, rank: 3, tolerance: 0.05 });
  const [gradients] = since() as [number, number];
  const found = await spectrum(oracle, undefined, { probes: 0, tolerance: 0.05 });
  // Hutch++: a product a probe, two that compare steps, three for each of the rank.
  expect(gradients - (since()[0] ?? 0)).toBe(2 * (5 + 2 + 3 * 3));
  expect(trace!.reliable).toBe(true);
  expect(found.residuals[0]!).toBeLessThanOrEqual(0.05 * Math.abs(found.eigenvalues[0]!));
  expect(await gradientNorm(oracle)).toBeGreaterThan(0);
  expect(since()).toEqual([0, 0]);
  await landscape(oracle, [filterNormalised(network.variables)], { x: [-1, 0, 1] });
  expect(since()).toEqual([0, 3]);
  await worstCaseSharpness(oracle, { steps: 3, restarts: 2 });
  expect(since()).toEqual([3 * 2 - 1, 3 * 2]);
  own.dispose();
  network.dispose();
  // Gradients with respect to inputs.
  let evaluated = 0;
  const x = tf.ones([2, 2]);
  const fooling = attack(
    (z) => {
      evaluated++;
      return tf.sum(tf.square(z));
    },
    x,
    { epsilon: 0.1, steps: 4 },
  );
  expect(evaluated).toBe(4);
  tf.dispose([x, fooling]);
});

it('says that it cannot hold those of 3-D max pooling, and has Gauss–Newton’s matrix all the same', async () => {
  await useBackend('cpu');
  const kernel = tf.variable(tf.randomNormal([3, 3, 1, 3], 0, 0.5, 'float32', 1) as tf.Tensor4D);
  const x = tf.randomNormal([12, 6, 6, 1], 0, 1, 'float32', 2) as tf.Tensor4D;
  const labels = tf.oneHot(
    tf.tensor1d(
      Array.from({ length: 12 }, (_, i) => i % 3),
      'int32',
    ),
    3,
    1,
    0,
    'float32',
  );
  // The same network twice: a plane is a volume of depth one.
  const pooled = {
    plane: (z: tf.Tensor4D): tf.Tensor => tf.maxPool(z, 2, 2, 'valid'),
    volume: (z: tf.Tensor4D): tf.Tensor =>
      tf.maxPool3d(tf.expandDims(z, 1) as tf.Tensor5D, [1, 2, 2], [1, 2, 2], 'valid'),
  };
  const spectraOf = async (pool: (z: tf.Tensor4D) => tf.Tensor) => {
    const outputs = () =>
      tf.tidy(() => {
        const z = pool(tf.conv2d(x, kernel as tf.Tensor4D, 1, 'same'));
        return tf.mean(tf.reshape(z, [12, -1, 3]), 1);
      });
    const parts = { outputs, ...crossEntropyOf(labels) };
    const loss = () => tf.tidy(() => parts.lossOf(outputs()));
    const { found } = await withOracle({ batches: [{ loss }], variables: [kernel] }, async (oracle) => {
      const options = { probes: 2, tolerance: 0.05 };
      return [await spectrum(oracle, parts, options), await spectrum(oracle, undefined, options)] as const;
    });
    return found;
  };
  const [plane, volume] = [await spectraOf(pooled.plane), await spectraOf(pooled.volume)];
  expect(plane.map(({ reliable }) => reliable)).toEqual([true, true]);
  expect(volume[0]!.reliable).toBe(true);
  expect(volume[0]!.eigenvalues[0]! / plane[0]!.eigenvalues[0]!).toBeCloseTo(1, 2);
  expect(volume[1]).toMatchObject({ reliable: false, reason: expect.stringContaining('3-D max pooling') });
  expect(volume[1]!.trace!.reliable).toBe(false);
  tf.dispose([kernel, x, labels]);
  await useBackend('wasm');
});

it('says that it cannot hold the kinks, where two steps would agree on what is wrong', async () => {
  // A ReLU with a gradient of its own is not seen.
  const own = tf.customGrad((z, save) => {
    (save as tf.GradSaveFunc)([z as tf.Tensor]);
    return {
      value: tf.relu(z as tf.Tensor),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.mul(dy, tf.step(saved!)),
    };
  });
  const verdicts: boolean[] = [];
  for (const [seed, target] of [9, 40, 80, 160].entries()) {
    const kernel = tf.variable(tf.randomNormal([8, 16], 0, 0.5, 'float32', seed + 1) as tf.Tensor2D);
    const x = tf.randomNormal([64, 8], 0, 1, 'float32', seed + 20) as tf.Tensor2D;
    const spectrumOf = async (activation: (z: tf.Tensor) => tf.Tensor) => {
      const loss = () =>
        tf.tidy(() =>
          tf.mean(tf.square(tf.sub(tf.sum(activation(tf.matMul(x, kernel)), 1), target))),
        ) as tf.Scalar;
      const { found } = await withOracle({ batches: [{ loss }], variables: [kernel] }, (oracle) =>
        spectrum(oracle, undefined, { count: 2, probes: 20 }),
      );
      return found;
    };
    const [seen, unseen] = [await spectrumOf((z) => tf.relu(z)), await spectrumOf((z) => own(z))];
    expect(seen).toMatchObject({ reliable: true, trace: { reliable: true } });
    expect(unseen.reason).toMatch(/kinks that cannot be held/);
    verdicts.push(unseen.reliable || unseen.trace!.reliable);
    tf.dispose([kernel, x]);
  }
  expect(verdicts).toEqual([false, false, false, false]);
});

describe('measure', () => {
  const data = () => ({
    x: tf.randomNormal([32, 6], 0, 1, 'float32', 1),
    y: tf
      .oneHot(
        tf.tensor1d(
          Array.from({ length: 32 }, (_, i) => i % 3),
          'int32',
        ),
        3,
      )
      .toFloat(),
  });
  const model = (loss = 'categoricalCrossentropy') => {
    const made = tf.sequential({
      layers: [
        tf.layers.dense({
          units: 8,
          inputShape: [6],
          activation: 'relu',
          kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
        }),
        tf.layers.batchNormalization(),
        tf.layers.dropout({ rate: 0.5 }),
        tf.layers.dense({
          units: 3,
          activation: 'softmax',
          kernelInitializer: tf.initializers.glorotUniform({ seed: 2 }),
        }),
      ],
    });
    made.compile({ optimizer: 'sgd', loss });
    return made;
  };

  it('measures a model with data in one call, and leaves no trace', async () => {
    const [net, batch] = [model(), data()];
    const bits = () => net.getWeights().map((weight) => [...weight.dataSync()]);
    const before = bits();
    const { numTensors } = tf.memory();
    const found = await measure(net, batch);
    const again = await measure(net, batch);
    expect(again).toEqual(found);
    expect(found.spectrum!.matrix).toBe('gauss-newton');
    expect(found.loss).toBeCloseTo((net.evaluate(batch.x, batch.y) as tf.Scalar).dataSync()[0]!, 5);
    expect(found.worstCase!.value).toBeGreaterThan(0);
    expect(found).toMatchObject({
      spectrum: { reliable: true, trace: { reliable: true } },
      worstCase: { reliable: true },
    });
    expect(found.reliable).toBe(found.average!.reliable);
    expect(bits()).toEqual(before);
    // The tensor of `evaluate`.
    expect(tf.memory().numTensors).toBe(numTensors + 1);
    const scaled = await measure(net, batch, { normaliseLogits: true, average: false, worstCase: false });
    expect(scaled.loss).not.toBeCloseTo(found.loss, 3);
    // The statistics of a batch move in training, and are put back; masks are drawn by a seed.
    const trained = { training: true, average: false, spectrum: { probes: 2 } } as const;
    expect(await measure(net, batch, trained)).toEqual(await measure(net, batch, trained));
    expect(bits()).toEqual(before);
    const throwing = measure({
      variables: net.trainableWeights.map((weight) => weight.read() as tf.Variable),
      loss: () => {
        if (bits()[0]![0] !== before[0]![0]) throw new Error('away from θ');
        return tf.tidy(() =>
          tf.losses.softmaxCrossEntropy(batch.y, net.apply(batch.x, { training: true }) as tf.Tensor),
        ) as tf.Scalar;
      },
    });
    await expect(throwing).rejects.toThrow('away from θ');
    expect(bits()).toEqual(before);
    tf.dispose([batch.x, batch.y]);
    net.dispose();
  });

  it('measures layers and groups: blocks of the matrix', async () => {
    const [net, batch] = [model(), data()];
    const options = { spectrum: { probes: 100 }, average: false, worstCase: false } as const;
    const { numTensors } = tf.memory();
    const found = await measure(net, batch, { ...options, groups: 'layers' });
    const names = net.layers.filter((layer) => layer.trainableWeights.length > 0).map(({ name }) => name);
    expect(Object.keys(found.groups!)).toEqual(names);
    // Traces of blocks add up; no block is sharper than the whole (interlacing).
    const blocks = Object.values(found.groups!);
    const sum = blocks.reduce((total, { trace }) => total + trace!.value, 0);
    expect(Math.abs(sum / found.spectrum!.trace!.value - 1)).toBeLessThan(0.15);
    for (const { eigenvalues } of blocks)
      expect(eigenvalues[0]!).toBeLessThan(1.01 * found.spectrum!.eigenvalues[0]!);
    await expect(measure(() => tf.scalar(1), undefined, { groups: 'layers' })).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(numTensors);
    tf.dispose([batch.x, batch.y]);
    net.dispose();
  });

  it.each(['sparseCategoricalCrossentropy', 'binaryCrossentropy', 'meanSquaredError'])(
    'knows the loss that %s is, and its curvature',
    async (loss) => {
      const net = tf.sequential({
        layers: [
          tf.layers.dense({
            units: 3,
            inputShape: [4],
            activation:
              loss === 'binaryCrossentropy' ? 'sigmoid' : loss.startsWith('mean') ? 'linear' : 'softmax',
            kernelInitializer: tf.initializers.glorotUniform({ seed: 2 }),
          }),
        ],
      });
      net.compile({ optimizer: 'sgd', loss });
      const x = tf.randomNormal([16, 4], 0, 1, 'float32', 1);
      const classes = tf.tensor1d(
        Array.from({ length: 16 }, (_, i) => i % 3),
        'float32',
      );
      const y = loss.startsWith('sparse') ? classes : tf.oneHot(classes.toInt(), 3).toFloat();
      const options = { spectrum: { probes: 0 }, average: false, worstCase: false } as const;
      const [whole, hessianOf] = [
        await measure(net, { x, y }, options),
        await measure(
          net,
          { x, y },
          { ...options, spectrum: { probes: 0, matrix: 'hessian' }, batchSize: 7 },
        ),
      ];
      expect(whole.loss).toBeCloseTo((net.evaluate(x, y) as tf.Scalar).dataSync()[0]!, 5);
      expect(hessianOf.loss).toBeCloseTo(whole.loss, 5);
      // One layer: the Hessian is the Gauss–Newton matrix.
      expect(whole.spectrum!.eigenvalues[0]! / hessianOf.spectrum!.eigenvalues[0]!).toBeCloseTo(1, 2);
      expect(whole.reliable && hessianOf.reliable).toBe(true);
      tf.dispose([x, y, classes]);
      net.dispose();
    },
  );

  it('refuses what it cannot measure, and says what it needs', async () => {
    const [net, batch] = [model('categoricalHinge'), data()];
    await expect(measure(net)).rejects.toThrow('expected data { x, y } with a model');
    await expect(measure(net, batch)).rejects.toThrow('Give a loss in two parts instead');
    await expect(
      measure((() => tf.scalar(1)) as never, undefined, { normaliseLogits: true }),
    ).rejects.toThrow('expected a loss in two parts');
    tf.dispose([batch.x, batch.y]);
    net.dispose();
  });

  it('does not change with the length of the logits where they are normalised', () => {
    const logits = tf.tensor2d([[1, 2, 4]]);
    const lossOf = (f: tf.Tensor) => tf.sum(tf.square(f)) as tf.Scalar;
    const of = (size: number) => {
      const parts = normaliseLogits({ outputs: () => tf.mul(size, logits), lossOf });
      return tf.tidy(() => parts.lossOf(parts.outputs()).dataSync()[0]!);
    };
    expect(of(10)).toBeCloseTo(of(1), 4);
    logits.dispose();
  });

  it('averages the worst cases of parts of a batch', async () => {
    const [first, second] = [bowl([1], [2]), bowl([3], [2])];
    const theta = tf.variable(tf.tensor1d([2]));
    const losses = [1, 3].map((a) => () => tf.mul(a / 2, tf.sum(tf.square(theta))) as tf.Scalar);
    const found = await mSharpness(losses, [theta], { rho: 0.1, steps: 1 });
    expect(found.value).toBeCloseTo(((1 + 3) / 2) * 0.5 * (2.1 ** 2 - 4), 4);
    first.dispose();
    second.dispose();
    theta.dispose();
  });
});

describe('landscapes', () => {
  it('evaluates planes row by row, goes on where it stopped, and draws', async () => {
    const { oracle, cost, theta, dispose } = bowl([2, 4], [1, 0]);
    const directions = [[tf.tensor1d([1, 0])], [tf.tensor1d([0, 1])]] as [[tf.Tensor], [tf.Tensor]];
    const rows: number[] = [];
    const whole = await landscape(oracle, directions, {
      x: [-1, 0, 1],
      y: [0, 1],
      onProgress: (row) => rows.push(row),
    });
    expect(whole.z).toEqual([
      [0, 1, 4],
      [2, 3, 6],
    ]);
    expect(rows).toEqual([1, 2]);
    expect(cost()).toEqual({ gradients: 0, values: 6 });
    const half = { ...whole, z: [whole.z[0]!] };
    expect(await landscape(oracle, directions, { x: [-1, 0, 1], y: [0, 1], resume: half })).toEqual(whole);
    expect(cost().values).toBe(9);
    expect(landscapeCsv(whole).split('\n').slice(0, 3)).toEqual(['x,y,loss', '-1,0,0', '0,0,1']);
    expect(parseLandscape(landscapeCsv({ ...whole, z: [whole.z[0]!, [2, Number.NaN, 6]] }))).toEqual({
      ...whole,
      z: [whole.z[0], [2, Number.NaN, 6]],
    });
    expect(() => parseLandscape('a,b\n1,2')).toThrow(SyntaxError);
    expect(landscapeSvg(whole, 'a <b>').match(/<rect /g)).toHaveLength(6);
    // A bowl has rings: each line of equal loss is one.
    const rings = await landscape(oracle, directions, { x: [-3, -2, -1, 0, 1], y: [-2, -1, 0, 1, 2] });
    expect(landscapeSvg(rings).match(/<path d="M/g)!.length).toBeGreaterThan(5);
    expect(landscapeSvg(rings, 'Bowl', 'surface').match(/<polygon /g)).toHaveLength(16);
    expect(landscapeHtml(whole, 'a <b>')).not.toContain('<b>');
    const line = await landscape(oracle, [directions[0]], { x: [0, 1] });
    expect(landscapeSvg(line)).toContain('<polyline');
    expect([...theta.dataSync()]).toEqual([1, 0]);
    tf.dispose(directions);
    dispose();
  });

  it('has directions: filters of θ’s norms, between models, along a path', async () => {
    const weights = [
      tf.tensor2d([
        [3, 0],
        [4, 1],
      ]),
      tf.tensor1d([1, 2]),
    ];
    const [kernel, bias] = filterNormalised(weights, 1);
    const norms = tf.sqrt(tf.sum(tf.square(kernel!), 0)).dataSync();
    expect(norms[0]).toBeCloseTo(5, 4);
    expect(norms[1]).toBeCloseTo(1, 4);
    expect([...bias!.dataSync()]).toEqual([0, 0]);
    expect([...between([weights[1]!], [tf.tensor1d([4, 4])])[0]!.dataSync()]).toEqual([3, 2]);
    const path = [
      [0, 0, 0],
      [2, 0, 0],
      [2, 1, 0],
      [3, 1, 0],
    ].map((at) => [tf.tensor1d(at)]);
    const { points, explained, directions } = await trajectory(path);
    expect(explained[0] + explained[1]).toBeCloseTo(1, 5);
    // Distances to the end survive: the path lies in a plane.
    expect(points.map(([a, b]) => Math.hypot(a, b))).toEqual(
      [Math.sqrt(10), Math.sqrt(2), 1, 0].map((value) => expect.closeTo(value, 4)),
    );
    expect(tf.sum(tf.mul(directions[0][0]!, directions[1][0]!)).dataSync()[0]).toBeCloseTo(0, 4);
  });
});

describe('robustness and calibration', () => {
  it('attacks within the ball, and the worse the larger it is', async () => {
    const w = tf.tensor2d([
      [1, -1],
      [1, -1],
    ]);
    const x = tf.tensor2d([
      [0.3, 0.1],
      [-0.2, -0.3],
      [0.05, 0.05],
    ]);
    const labels = tf.tensor2d([
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
    const logits = (inputs: tf.Tensor) => tf.matMul(inputs as tf.Tensor2D, w);
    const lossOf = (inputs: tf.Tensor) => tf.losses.softmaxCrossEntropy(labels, logits(inputs)) as tf.Scalar;
    // Against the margin (x₁ + x₂): each entry by ε.
    const fgsm = attack(lossOf, x, { epsilon: 0.1 });
    expect([...tf.sub(fgsm, x).dataSync()].map((v) => Math.round(v * 100))).toEqual([
      -10, -10, 10, 10, -10, -10,
    ]);
    const round = attack(lossOf, x, { epsilon: 0.1, norm: '2', steps: 10 });
    for (const length of tf.sqrt(tf.sum(tf.square(tf.sub(round, x)), 1)).dataSync())
      expect(length).toBeLessThan(0.1001);
    const inside = attack(lossOf, x, { epsilon: 1, steps: 5, range: [-0.3, 0.3] });
    expect(Math.max(...tf.abs(inside).dataSync())).toBeLessThan(0.3001);
    const { numTensors } = tf.memory();
    // Margins of 0.2, 0.25 and 0.05 in the largest entry.
    expect(await robustAccuracy(logits, x, labels, [0, 0.1, 0.22, 0.3], { steps: 5, restarts: 2 })).toEqual(
      [1, 2 / 3, 1 / 3, 0].map((accuracy, i) => ({
        epsilon: [0, 0.1, 0.22, 0.3][i],
        accuracy: expect.closeTo(accuracy, 4),
        standardError: expect.closeTo(Math.sqrt((accuracy * (1 - accuracy)) / 3), 4),
      })),
    );
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('trains against adversarial examples, under SAM too, without differentiating the attack', () => {
    const kernel = tf.variable(tf.randomNormal([3, 3, 1, 4], 0, 0.5, 'float32', 1) as tf.Tensor4D);
    const head = tf.variable(tf.randomNormal([36, 2], 0, 0.3, 'float32', 2) as tf.Tensor2D);
    const x = tf.randomUniform([8, 6, 6, 1], 0, 1, 'float32', 3);
    const labels = tf.oneHot(tf.tensor1d([0, 1, 0, 1, 0, 1, 0, 1], 'int32'), 2).toFloat();
    // Max pooling has no second derivative in TensorFlow.js: an attack that is recorded throws.
    const lossOf = (z: tf.Tensor) =>
      tf.tidy(() => {
        const pooled = tf.maxPool(
          tf.relu(tf.conv2d(z as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'same')),
          2,
          2,
          'valid',
        );
        const f = tf.matMul(tf.reshape(pooled, [8, 36]), head as tf.Tensor2D);
        return tf.losses.softmaxCrossEntropy(labels, f) as tf.Scalar;
      });
    const { numTensors } = tf.memory();
    for (const norm of ['infinity', '2'] as const) {
      const options = { epsilon: 0.1, steps: 3, norm, seed: 4 };
      const fooling = attack(lossOf, x, options);
      const wanted = tf.variableGrads(() => lossOf(fooling), [kernel, head]);
      for (const made of ['once', 'always'] as const) {
        const loss = adversarialLoss(lossOf, x, { ...options, made });
        const found = tf.variableGrads(loss, [kernel, head]);
        // The gradient at examples that are constants (Danskin).
        for (const name of [kernel.name, head.name])
          expect([...found.grads[name]!.dataSync()]).toEqual([...wanted.grads[name]!.dataSync()]);
        tf.dispose([found.value, found.grads]);
        loss.dispose();
      }
      tf.dispose([fooling, wanted.value, wanted.grads]);
    }
    expect(tf.memory().numTensors).toBe(numTensors);
    const optimizer = sharpnessAware(sgd({ learningRate: 0.5 }), { rho: 0.05 });
    const attacked = () =>
      tf.tidy(() => lossOf(attack(lossOf, x, { epsilon: 0.05, steps: 5 })).dataSync()[0]!);
    const before = attacked();
    for (let step = 0; step < 20; step++) {
      const loss = adversarialLoss(lossOf, x, { epsilon: 0.05, steps: 2, share: 0.8 });
      optimizer.minimize(loss, false, [kernel, head]);
      loss.dispose();
    }
    expect(attacked()).toBeLessThan(0.8 * before);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(() => adversarialLoss(lossOf, x, { epsilon: 0.1, share: 0 })).toThrow('share to be in (0, 1]');
    tf.dispose([kernel, head, x, labels]);
  });

  it('scores probabilities as the definitions do', async () => {
    const p = [
      [0.85, 0.15],
      [0.65, 0.35],
      [0.25, 0.75],
    ];
    const logits = tf.log(tf.tensor2d(p));
    const labels = tf.tensor2d([
      [1, 0],
      [0, 1],
      [0, 1],
    ]);
    const found = await calibration(logits, labels, 10);
    expect(found.accuracy).toBeCloseTo(2 / 3, 5);
    expect(found.nll).toBeCloseTo(-(Math.log(0.85) + Math.log(0.35) + Math.log(0.75)) / 3, 4);
    expect(found.brier).toBeCloseTo((2 * 0.15 ** 2 + 2 * 0.65 ** 2 + 2 * 0.25 ** 2) / 3, 4);
    expect(found.ece).toBeCloseTo((0.15 + 0.65 + 0.25) / 3, 4);
  });
});
