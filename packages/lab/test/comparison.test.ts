import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { sgd } from '@tfjs-sam/core';
import { loadDigits, type TrainTestSplit } from '@tfjs-sam/datasets';
import {
  type ComparisonListener,
  type EpochRecord,
  parseCompareConfig,
  type RunRecord,
  runComparison,
  UsageError,
  type Variant,
  type VariantSettings,
  variantNamed,
} from '@tfjs-sam/lab';
import { sam } from '@tfjs-sam/sam';
import { softmaxCrossEntropy } from '@tfjs-sam/wasm-kernels';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createModel } from '../src/models.js';
import { Trial } from '../src/trial.js';

beforeAll(async () => {
  tf.enableProdMode();
  await prepareBackend();
});

const small = { seeds: '1', epochs: '2', batchSize: '256' };

/** A comparison's epoch records without their times. */
async function epochs(options: Parameters<typeof parseCompareConfig>[0]): Promise<object[]> {
  const records: object[] = [];
  const listener: ComparisonListener = {
    epochEnd({ stepMs, ...rest }) {
      expect(stepMs).toBeGreaterThan(0);
      records.push(rest);
    },
  };
  await runComparison(parseCompareConfig(options), [listener]);
  return records;
}

describe('runComparison', () => {
  it('gives the same numbers twice, and leaks nothing', async () => {
    const first = await epochs(small);
    const before = tf.memory().numTensors;
    const second = await epochs(small);
    expect(tf.memory().numTensors).toBe(before);
    expect(first).toHaveLength(2 * 3 * 2);
    expect(second).toEqual(first);
  });

  it('gives a variant the numbers that it has alone', async () => {
    const options = { ...small, models: 'cnn' };
    const together = (await epochs(options)) as EpochRecord[];
    const alone = await epochs({ ...options, variants: 'msam' });
    expect(together.filter(({ variant }) => variant === 'msam')).toEqual(alone);
  });

  it('tells variants and seeds apart', async () => {
    const records = (await epochs({ ...small, seeds: '2', models: 'mlp' })) as EpochRecord[];
    const last = records.filter(({ epoch }) => epoch === 2).map(({ trainLoss }) => trainLoss);
    expect(new Set(last).size).toBe(6);
  });

  it('takes turns: every variant runs an epoch before any runs its next, and another begins each time', async () => {
    const records = (await epochs({ ...small, models: 'mlp' })) as EpochRecord[];
    const order = records.map(({ variant, epoch }) => `${variant} ${epoch}`);
    expect(order).toEqual(['sgd 1', 'sam 1', 'msam 1', 'sam 2', 'msam 2', 'sgd 2']);
  });

  it('announces runs, and reports each once as its last epoch left it', async () => {
    const heard: string[] = [];
    const ends: EpochRecord[] = [];
    const results = await runComparison(
      parseCompareConfig({ ...small, variants: 'sgd,sam', models: 'mlp' }),
      [
        {
          runsBegin: (runs, count) => heard.push(`${runs.map(({ variant }) => variant)} ${count}`),
          epochEnd: (record) => ends.push(record),
          runEnd: ({ variant }) => heard.push(variant),
          runsEnd: () => heard.push('end'),
        },
      ],
    );
    expect(heard).toEqual(['sgd,sam 2', 'sgd', 'sam', 'end']);
    // 898 training images make 3 whole batches of 256.
    expect(results.map(({ steps, epochs: count }) => [steps, count])).toEqual([
      [6, 2],
      [6, 2],
    ]);
    const sam = ends.find(({ variant, epoch }) => variant === 'sam' && epoch === 2)!;
    expect(results[1]).toMatchObject({ testAccuracy: sam.testAccuracy, trainLoss: sam.trainLoss });
    expect(results[1]!.trainSeconds).toBeGreaterThan((results[1]!.stepMs * 3) / 1000);
  });

  it('refuses a batch larger than the data, and frees the data', async () => {
    const before = tf.memory().numTensors;
    const failure = await runComparison(parseCompareConfig({ batchSize: '899' })).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(UsageError);
    expect((failure as Error).message).toContain('at most 898, the number of training images, got "899"');
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('Trial', () => {
  const options = {
    model: 'mlp',
    seed: 3,
    epochs: 2,
    batchSize: 64,
    learningRate: 0.05,
    momentum: 0.9,
  } as const;

  async function run(data: TrainTestSplit, variant = variantNamed('sam')): Promise<RunRecord> {
    const trial = new Trial({ ...options, variant }, data);
    expect(() => trial.result()).toThrow(/at least one epoch/);
    await trial.runEpoch();
    await trial.runEpoch();
    const result = trial.result();
    trial.dispose();
    return result;
  }

  it('measures what a loop by hand measures', async () => {
    const data = loadDigits({ seed: 5, testFraction: 0.5 });
    const { trainLoss, testAccuracy } = await run(data, variantNamed('sgd'));
    const model = createModel('mlp', 3);
    const velocity = model.trainableWeights.map((weight) => tf.zerosLike(weight.read()));
    const steps = 2 * Math.floor(data.train.size / 64);
    for (let step = 0, epoch = 0; epoch < 2; epoch++) {
      for (const { xs, ys } of data.train.batches({ batchSize: 64, seed: 3, epoch, smallLastBatch: false })) {
        const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
        const { grads, value } = tf.variableGrads(
          () => tf.losses.softmaxCrossEntropy(ys, model.apply(xs) as tf.Tensor),
          variables,
        );
        const rate = (0.05 * (1 + Math.cos((Math.PI * step++) / steps))) / 2;
        variables.forEach((variable, i) => {
          const next = tf.tidy(() => tf.add(tf.mul(0.9, velocity[i]!), grads[variable.name]!));
          velocity[i]!.dispose();
          velocity[i] = next;
          tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(rate, next))));
        });
        tf.dispose([xs, ys, grads, value]);
      }
    }
    const [loss, accuracy] = tf.tidy(() => {
      const predicted = model.predict(data.test.images) as tf.Tensor;
      const correct = tf.equal(tf.argMax(predicted, 1), tf.argMax(data.test.labels, 1));
      const logits = model.predict(data.train.images) as tf.Tensor;
      return [tf.losses.softmaxCrossEntropy(data.train.labels, logits), tf.mean(correct)].map(
        (t) => t.dataSync()[0]!,
      );
    });
    // 28 float32 steps, rounded in another order: 28 × 2⁻²⁴ per unit of weight, times a slope below 10.
    expect(Math.abs(trainLoss - loss!)).toBeLessThan(2e-5);
    // One image more or less may change sides.
    expect(Math.abs(testAccuracy - accuracy!)).toBeLessThanOrEqual(1.01 / data.test.size);
    tf.dispose(velocity);
    model.dispose();
    data.dispose();
  });

  it("names its own model's variables, not those of every model that is alive", async () => {
    const data = loadDigits({ seed: 5, testFraction: 0.95 });
    const other = createModel('mlp', 4);
    const optimizer = sgd({ learningRate: 0.1 });
    const minimize = vi.spyOn(optimizer, 'minimize');
    const trial = new Trial(
      { ...options, variant: { ...variantNamed('sgd'), create: () => optimizer } },
      data,
    );
    await trial.runEpoch();
    const named = minimize.mock.calls[0]![2]!;
    expect(named).toHaveLength(4);
    const others = other.trainableWeights.map((weight) => weight.read().id);
    expect(named.filter(({ id }) => others.includes(id))).toEqual([]);
    trial.dispose();
    other.dispose();
    data.dispose();
  });

  it('gives variants the losses of single examples, drawn by seed and step', async () => {
    const data = loadDigits({ seed: 5, testFraction: 0.95 });
    let settings: VariantSettings | undefined;
    const variant: Variant = {
      ...variantNamed('sam'),
      create: (given) => {
        settings = given;
        return sgd({ learningRate: given.learningRate });
      },
    };
    const trial = new Trial({ ...options, variant, batchSize: 20 }, data);
    // 90 training images.
    expect(settings!.refreshEvery).toBe(4);
    const lossesAt = (step: number): number[] =>
      settings!.exampleLosses!(step).map((loss) => tf.tidy(() => loss().dataSync()[0]!));
    const losses = lossesAt(0);
    const model = createModel('mlp', 3);
    const mean = tf.tidy(() => {
      const logits = model.apply(data.train.images) as tf.Tensor;
      return tf.losses.softmaxCrossEntropy(data.train.labels, logits).dataSync()[0]!;
    });
    // The mean of 90 float32 losses of about 2.4, summed in another order.
    expect(losses).toHaveLength(90);
    expect(Math.abs(losses.reduce((sum, loss) => sum + loss, 0) / 90 - mean)).toBeLessThan(
      90 * 2.4 * 2 ** -24,
    );
    expect(lossesAt(0)).toEqual(losses);
    expect(lossesAt(1)).not.toEqual(losses);
    expect(lossesAt(1).sort()).toEqual([...losses].sort());
    model.dispose();
    trial.dispose();
    data.dispose();
  });

  it('lets a variant climb a loss of its own', async () => {
    const data = loadDigits({ seed: 5, testFraction: 0.5 });
    const climbing = (sign: 1 | -1): Variant => ({
      ...variantNamed('sam'),
      create: ({ learningRate, momentum }) => sam(sgd({ learningRate, momentum }), { objective: 'ascent' }),
      ascentLoss: (labels, logits) => tf.mul(sign, softmaxCrossEntropy(labels, logits, 'mean')) as tf.Scalar,
    });
    const before = tf.memory().numTensors;
    const usual = await run(data);
    const opposite = await run(data, climbing(-1));
    const same = await run(data, climbing(1));
    expect(tf.memory().numTensors).toBe(before);
    expect(opposite.trainLoss).not.toBe(usual.trainLoss);
    expect(same.trainLoss).toBe(usual.trainLoss);
    data.dispose();
  });
});
