import * as tf from '@tensorflow/tfjs';
import {
  clipByGlobalNorm,
  linearDecay,
  restoreState,
  type Sampler,
  SharpnessAwareOptimizer,
  type StepReport,
  saveState,
} from '@tfjs-sam/core';
import {
  backendNames,
  buildGoldenModel,
  describeGolden,
  describeVariant,
  type Golden,
  type GoldenStep,
  goldensOf,
  type StoredVector,
  toleranceOf,
  toyProblem,
  trainInFit,
  useBackend,
} from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type BsamOptions, bsam } from '../src/index.js';

/** The file's draws in place of the seed's. */
const drawsOf =
  ({ steps }: Golden): Sampler =>
  (shapes, step) =>
    Object.values(steps[step]!.noise_standard_normal as StoredVector).map((values, i) =>
      tf.tensor(values, shapes[i]!),
    );

function optimizerOf(golden: Golden) {
  const { lr, beta1, beta2, weight_decay, rho, damping, num_data, s_init } = golden.hyper;
  return bsam({
    ...{ learningRate: lr, beta1, beta2, rho, damping },
    ...{ weightDecay: weight_decay, numData: num_data!, initialScale: s_init },
    sampler: drawsOf(golden),
  });
}

describeGolden({
  variant: 'bsam_bayes',
  create: (_base, golden) => optimizerOf(golden),
  // Ours is the loss at the noisy point: compared below.
  reportsLossAtTheta: false,
});

describeVariant({
  name: 'bsam',
  create: (base, options) => {
    const { learningRate } = base as unknown as { learningRate: number };
    base.dispose();
    return bsam({ learningRate, numData: 1000, weightDecay: 0, ...options });
  },
  skip: {
    'rho 0': 'it has no base whose step it could take',
    configuration: 'its configuration has no base: tested below',
  },
});

const flat = (vector: readonly tf.Tensor[]) => vector.flatMap((tensor) => [...tensor.dataSync()]);

function expectWithin(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)));
  expect(worst).toBeLessThanOrEqual(tolerance);
}

const stored = (step: GoldenStep, key: string) => Object.values(step[key] as StoredVector).flat();

describe.each([...backendNames])('bsam on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each(goldensOf('bsam_bayes').map((golden) => [golden.name, golden] as const))(
    'evaluates where the published code does, and remembers what it does: %s',
    async (_name, golden) => {
      const model = buildGoldenModel(golden);
      const optimizer = optimizerOf(golden);
      const tolerance = toleranceOf(golden, 'perturbation');
      for (const step of golden.steps) {
        const before = flat(model.variables);
        const places: number[][] = [];
        const recording = () => {
          places.push(flat(model.variables).map((value, i) => value - before[i]!));
          return model.loss(step.batch!);
        };
        const loss = optimizer.minimize(recording, true, model.variables)!;
        expectWithin(flat([loss]), [step.loss_at_noisy as number], toleranceOf(golden, 'loss_at_theta'));
        expect(places).toHaveLength(2);
        expectWithin(places[0]!, stored(step, 'noise'), tolerance);
        expectWithin(places[1]!, stored(step, 'perturbation'), tolerance);
        const weights = await optimizer.getWeights();
        for (const key of ['momentum', 'scale']) {
          const own = weights.filter(({ name }) => name.startsWith(`rule/${key}:`));
          const expected = stored(step, key === 'scale' ? 'scale_s' : key);
          expectWithin(flat(own.map(({ tensor }) => tensor)), expected, toleranceOf(golden, 'parameters'));
        }
        loss.dispose();
      }
      optimizer.dispose();
      model.dispose();
    },
  );

  /** Weights after some steps on the toy problem. */
  const steps = (options: Partial<BsamOptions>, count = 4) => {
    const problem = toyProblem();
    const optimizer = bsam({ learningRate: 0.1, numData: 50, ...options });
    for (let i = 0; i < count; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
    const values = problem.values();
    optimizer.dispose();
    problem.dispose();
    return values.flat();
  };

  it('draws noise by its seed', () => {
    expect(steps({ seed: 1 })).toEqual(steps({ seed: 1 }));
    expect(steps({ seed: 1 })).not.toEqual(steps({ seed: 2 }));
  });

  it('begins anew after first steps that were skipped', () => {
    const run = (skipped: boolean) => {
      const problem = toyProblem();
      const sampler: Sampler = (shapes) => shapes.map((shape) => tf.ones(shape));
      const optimizer = bsam({
        ...{ learningRate: 0.1, numData: 50, initialScale: 3, sampler },
        onNonFinite: 'skip',
      });
      const nan = () => tf.mul(problem.loss(0), Number.NaN) as tf.Scalar;
      if (skipped) optimizer.minimize(nan, false, problem.variables);
      for (let i = 0; i < 4; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
      const values = problem.values();
      optimizer.dispose();
      problem.dispose();
      return values;
    };
    expect(run(true)).toEqual(run(false));
  });

  it('averages both gradients of micro-batches, each with a draw of its own', () => {
    // L = ½ k w² by micro-batch, k = 1 and 3, by hand: draws are 1 and −2.
    const [w, N, s, b1, b2, wd, rho, damping, lr] = [0.5, 16, 4, 0.5, 0.75, 0.125, 0.5, 0.25, 0.125];
    const ks = [1, 3];
    const noisy = [1, -2].map((z, i) => ks[i]! * (w + z / Math.sqrt(N * s)));
    const second = noisy.map((g, i) => ks[i]! * (w + (rho * g) / s));
    const mean = (values: readonly number[]) => (values[0]! + values[1]!) / 2;
    const m = (1 - b1) * (mean(second) + wd * w);
    const scale = b2 * s + (1 - b2) * (mean(noisy.map((g) => Math.sqrt(s) * Math.abs(g))) + damping + wd);
    // A second step, that the averages enter.
    const moved = w - (lr * m) / s;
    const noisy2 = [1, -2].map((z, i) => ks[i]! * (moved + z / Math.sqrt(N * scale)));
    const second2 = noisy2.map((g, i) => ks[i]! * (moved + (rho * g) / scale));
    const m2 = b1 * m + (1 - b1) * (mean(second2) + wd * moved);

    const weight = tf.variable(tf.scalar(w));
    const optimizer = bsam({
      ...{
        learningRate: lr,
        numData: N,
        initialScale: s,
        beta1: b1,
        beta2: b2,
        weightDecay: wd,
        rho,
        damping,
      },
      sampler: (_shapes, _step, index) => [tf.scalar(index === 0 ? 1 : -2)],
    });
    const closures = ks.map((k) => () => tf.mul(k / 2, tf.square(weight)) as tf.Scalar);
    for (let i = 0; i < 2; i++) {
      optimizer.minimizeOver(closures, { varList: [weight], sharpness: 'per-micro-batch' });
    }
    // Two steps of some twenty roundings of numbers below 4.
    expectWithin(flat([weight]), [moved - (lr * m2) / scale], 2 * 20 * 4 * 2 ** -24);
    optimizer.dispose();
    weight.dispose();
  });

  it('takes micro-batches that share a perturbation as their mean', () => {
    const run = (micro: boolean) => {
      const problem = toyProblem();
      const optimizer = bsam({ learningRate: 0.1, numData: 50 });
      for (let i = 0; i < 3; i++) {
        const parts = [() => problem.loss(i), () => problem.loss(i + 1)];
        const mean = () => tf.mean(tf.stack(parts.map((part) => part()))) as tf.Scalar;
        if (micro) optimizer.minimizeOver(parts, { varList: problem.variables });
        else optimizer.minimize(mean, false, problem.variables);
      }
      const values = problem.values().flat();
      optimizer.dispose();
      problem.dispose();
      return values;
    };
    // Three steps whose order of roundings differs, of weights below 2.
    expectWithin(run(true), run(false), 3 * 8 * 2 ** -24);
  });

  it('multiplies its radius and its step by a group’s', () => {
    const [fast, still] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(1))];
    const places: number[][] = [];
    const loss = () => {
      places.push(flat([fast, still]));
      return tf.add(fast, still) as tf.Scalar;
    };
    const groups = [
      { match: (variable: tf.Variable) => variable === fast, rho: 2, learningRate: 2 },
      { match: (variable: tf.Variable) => variable === still, rho: 0, learningRate: 0 },
    ];
    const optimizer = bsam({
      ...{ learningRate: 0.25, numData: 1, rho: 0.125, weightDecay: 0, beta1: 0.5, groups },
      sampler: (shapes) => shapes.map((shape) => tf.zeros(shape)),
    });
    optimizer.minimize(loss, false, [fast, still]);
    // Gradients are 1, s is 1: δ = ρ, and the step ¼ · ½.
    expect(places).toEqual([
      [1, 1],
      [1.25, 1],
    ]);
    expect(flat([fast, still])).toEqual([0.75, 1]);
    optimizer.dispose();
    tf.dispose([fast, still]);
  });

  it('is trained, saved and loaded with a model', async () => {
    const build = () => {
      const model = tf.sequential({
        layers: [
          tf.layers.dense({
            ...{ units: 2, inputShape: [3] },
            kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
          }),
        ],
      });
      const learningRate = linearDecay(0.5, 0.1, 8);
      model.compile({ optimizer: bsam({ learningRate, numData: 12, seed: 4 }), loss: 'meanSquaredError' });
      return model;
    };
    const x = tf.randomNormal<tf.Rank.R2>([12, 3], 0, 1, 'float32', 5);
    const y = tf.slice(x, [0, 0], [12, 2]);
    const fit = (model: tf.LayersModel, epochs: number) =>
      model.fit(x, y, { batchSize: 4, epochs, shuffle: false, verbose: 0 });
    const whole = build();
    const { history } = await fit(whole, 4);
    expect((history.loss as number[])[3]).toBeLessThan((history.loss as number[])[0]!);

    const half = build();
    await fit(half, 2);
    let artifacts: tf.io.ModelArtifacts | undefined;
    const keep = tf.io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(given) };
    });
    await half.save(keep, { includeOptimizer: true });
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts!));
    expect(loaded.optimizer).toBeInstanceOf(SharpnessAwareOptimizer);
    expect(loaded.optimizer.getConfig()).toEqual(half.optimizer.getConfig());
    await fit(loaded, 2);
    expect(flat(loaded.getWeights())).toEqual(flat(whole.getWeights()));
    for (const model of [whole, half, loaded]) {
      model.optimizer.dispose();
      model.dispose();
    }
    tf.dispose([x, y]);
  });

  it('trains with batch normalisation at the authors’ settings', async () => {
    await trainInFit(() => bsam({ numData: 48 }));
  });
});

describe('bsam', () => {
  beforeAll(() => useBackend('cpu'));

  const made = (options: object) => () => bsam({ numData: 10, ...options });

  it('refuses what is out of range', () => {
    expect(() => bsam({} as BsamOptions)).toThrow(
      new RangeError('bsam: expected numData to be an integer >= 1, got undefined'),
    );
    for (const option of ['beta1', 'beta2']) {
      expect(made({ [option]: 1 })).toThrow(
        new RangeError(`bsam: expected ${option} to be in [0, 1), got 1`),
      );
    }
    for (const option of ['damping', 'initialScale']) {
      expect(made({ [option]: 0 })).toThrow(
        new RangeError(`bsam: expected ${option} to be a finite number > 0, got 0`),
      );
    }
    expect(made({ weightDecay: -1 })).toThrow(RangeError);
    expect(made({ rho: -1 })).toThrow(RangeError);
    expect(made({ learningRate: -1 })).toThrow(RangeError);
    expect(made({ seed: 0.5 })).toThrow(RangeError);
    expect(made({ sampler: 1 })).toThrow(
      new TypeError('bsam: expected sampler to be a function (shapes, step, index) => vector, got 1'),
    );
    const x = tf.variable(tf.scalar(1));
    const optimizer = bsam({ numData: 10, rho: (step) => 0.1 - step });
    const step = () => optimizer.minimize(() => tf.square(x) as tf.Scalar, false, [x]);
    step();
    expect(step).toThrow(
      'bsam: expected rho to be a finite number >= 0, got -0.9 from its schedule at step 1',
    );
    optimizer.dispose();
    x.dispose();
  });

  it('is made again from its configuration, which has no base and the learning rate of now', () => {
    const optimizer = bsam({ learningRate: 0.25, numData: 200, beta1: 0.8, initialScale: 0.5, seed: 7 });
    optimizer.setLearningRate(0.125);
    expect(optimizer.learningRate).toBe(0.125);
    const written = JSON.parse(JSON.stringify(optimizer.getConfig())) as tf.serialization.ConfigDict;
    expect(written).toMatchObject({
      variant: 'bsam',
      ...{ learningRate: 0.125, numData: 200, beta1: 0.8, initialScale: 0.5, seed: 7 },
    });
    const loaded = SharpnessAwareOptimizer.fromConfig<SharpnessAwareOptimizer>(
      SharpnessAwareOptimizer as unknown as tf.serialization.SerializableConstructor<SharpnessAwareOptimizer>,
      written,
    );
    expect(loaded.getConfig()).toEqual(written);
    expect(loaded.learningRate).toBe(0.125);
    expect(loaded.rule.name).toBe('bsam');
    // Back at the default by hand.
    loaded.setLearningRate(0.5);
    expect(loaded.getConfig()).toEqual({ ...written, learningRate: 0.5 });
  });

  it('is the base of a wrapper as any optimizer', () => {
    const problem = toyProblem();
    const optimizer = clipByGlobalNorm(bsam({ learningRate: 0.1, numData: 50 }), 1e-3);
    const before = problem.values().flat();
    optimizer.minimize(() => problem.loss(0), false, problem.variables);
    const moved = problem
      .values()
      .flat()
      .map((value, i) => value - before[i]!);
    // Clipped to 1e-3 and multiplied by 0.1; each weight, below 2, rounds once.
    expect(Math.abs(Math.hypot(...moved) - 1e-4)).toBeLessThan(moved.length * 2 ** -24);
    expect(optimizer.getConfig()).toMatchObject({ base: { variant: 'bsam', numData: 50 } });
    optimizer.dispose();
    problem.dispose();
  });

  it('reports the losses at both of its points', async () => {
    const reports: StepReport[] = [];
    const weight = tf.variable(tf.scalar(1));
    const optimizer = bsam({
      ...{ learningRate: 0.25, numData: 4, rho: 0.5 },
      sampler: () => [tf.scalar(1)],
      onStep: (report) => void reports.push(report),
    });
    optimizer.minimize(() => tf.square(weight) as tf.Scalar, false, [weight]);
    await vi.waitFor(() => expect(reports).toHaveLength(1));
    // At 1 + 1/√4 the gradient is 3: the perturbation is 0.5 · 3.
    expect(reports[0]).toMatchObject({
      loss: 2.25,
      gradientNorm: 3,
      perturbationNorm: 1.5,
      perturbedLoss: 6.25,
    });
    optimizer.dispose();
    weight.dispose();
  });

  it('keeps its state beside a model', async () => {
    const problem = toyProblem();
    const optimizer = bsam({ learningRate: 0.1, numData: 50 });
    for (let i = 0; i < 3; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
    let artifacts: tf.io.ModelArtifacts | undefined;
    const keep = tf.io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(given) };
    });
    await saveState(optimizer, keep);
    const copy = bsam({ learningRate: 0.1, numData: 50 });
    await restoreState(copy, tf.io.fromMemory(artifacts!));
    const weights = problem.values();
    optimizer.minimize(() => problem.loss(3), false, problem.variables);
    const uninterrupted = problem.values();
    problem.assign(weights);
    copy.minimize(() => problem.loss(3), false, problem.variables);
    expect(problem.values()).toEqual(uninterrupted);
    for (const each of [optimizer, copy, problem]) each.dispose();
  });
});
