import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { fileSystem } from '@tfjs-sam/core/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRegistry } from '../../src/parts/load.js';
import type { JsonObject } from '../../src/study/paths.js';
import { runTrial } from '../../src/trial/run-trial.js';
import type { TrialOutput } from '../../src/trial/spec.js';
import type { LoadedTask } from '../../src/trial/task.js';

let folder: string;
beforeAll(async () => {
  tf.enableProdMode();
  await prepareBackend({ backend: 'wasm', deterministic: true });
  folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-models-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const digits = { name: 'digits', train: 64, test: 32, normalise: 'channel' };
const small = { name: 'supervised', dataset: digits, batchSize: 16, epochs: 2 };

async function train(task: JsonObject, optimizer: JsonObject): Promise<TrialOutput> {
  const before = tf.memory().numTensors;
  const output = await runTrial(
    {
      ...{ id: 'id', task: 'task', arm: 'arm', point: {}, seed: 1, plugins: [] },
      config: {
        task: { ...small, ...task },
        optimizer,
        measures: [],
        backend: { name: 'wasm', deterministic: true },
      },
    },
    await loadRegistry(),
  );
  expect(tf.memory().numTensors).toBe(before);
  return output;
}

async function loaded(task: JsonObject): Promise<LoadedTask> {
  const registry = await loadRegistry();
  return registry.build('task', { ...small, ...task }).load();
}

const sgd = { name: 'sgd', learningRate: 0.05, momentum: 0.9 };

describe('every model learns, under Monge SAM', () => {
  it.each<[JsonObject, JsonObject?]>([
    [{ name: 'logistic' }],
    [{ name: 'mlp', hidden: [16, 16], dropout: 0.1 }],
    [{ name: 'cnn', channels: [4, 8] }],
    [{ name: 'lenet' }],
    [{ name: 'lstm', units: 16 }, { learningRate: 0.5 }],
    [{ name: 'resnet', depth: 8, width: 0.25 }],
    [{ name: 'resnet', depth: 20, width: 0.125 }],
    [{ name: 'resnet', depth: 18, width: 0.0625 }],
    [{ name: 'vit', patch: 4, width: 16, heads: 2, depth: 2 }],
  ])('%j', async (model, more = {}) => {
    const base = { ...sgd, ...more };
    const { epochs, outcome } = await train({ model, epochs: 4 }, { variant: 'msam', rho: 0.05, base });
    expect(outcome).not.toBe('diverged');
    expect(epochs.at(-1)!.train.loss!).toBeLessThan(epochs[0]!.train.loss!);
  });

  it.each([[[4]], [[6, 2]]])(
    'of any input takes one of shape %j: rows of a table, a series',
    async (inputShape) => {
      const registry = await loadRegistry();
      for (const model of ['logistic', 'mlp', 'lstm']) {
        const made = await registry
          .build('model', { name: model })
          .create({ inputShape, outputs: 3, seed: 0 });
        const outputs = tf.tidy(() => made.apply(tf.ones([5, ...inputShape])) as tf.Tensor);
        expect([model, outputs.shape]).toEqual([model, [5, 3]]);
        outputs.dispose();
        made.dispose();
      }
    },
  );

  it('has as many weights as published: ResNet-20, 56 and 18 for CIFAR', async () => {
    const registry = await loadRegistry();
    const count = async (model: JsonObject, inputShape: number[]): Promise<number> => {
      const made = await registry.build('model', model).create({ inputShape, outputs: 10, seed: 0 });
      const trained = made.trainableWeights.reduce(
        (sum, { shape }) => sum + tf.util.sizeFromShape(shape as number[]),
        0,
      );
      made.dispose();
      return trained;
    };
    // He et al. 2016, table 6: 0.27 M and 0.85 M; with 1×1 shortcuts 2,752 more each. 11.17 M is the usual ResNet-18.
    expect(await count({ name: 'resnet', depth: 20 }, [32, 32, 3])).toBe(272_474);
    expect(await count({ name: 'resnet', depth: 56 }, [32, 32, 3])).toBe(855_770);
    expect(await count({ name: 'resnet', depth: 18 }, [32, 32, 3])).toBe(11_173_962);
  });
});

describe('a task', () => {
  it('of numbers to predict has a squared error', async () => {
    const { epochs, last } = await train(
      { dataset: { name: 'digits', train: 64 }, model: 'mlp', loss: 'squared-error', labelSmoothing: 0.1 },
      { base: { name: 'adam', learningRate: 0.01 } },
    );
    expect(epochs[1]!.train.loss!).toBeLessThan(epochs[0]!.train.loss!);
    expect(last!.test.accuracy).toBeGreaterThan(0.1);
  });

  it('with smoothed labels has a larger loss at the same weights, in training alone', async () => {
    const arm = { base: { ...sgd, learningRate: 1e-9 } };
    const [plain, smooth] = [
      await train({ model: 'mlp' }, arm),
      await train({ model: 'mlp', labelSmoothing: 0.3 }, arm),
    ];
    expect(smooth.epochs[0]!.train.loss).not.toBeCloseTo(plain.epochs[0]!.train.loss!, 3);
    expect(smooth.last!.test.loss).toBeCloseTo(plain.last!.test.loss!, 5);
  });

  it('with flips and crops gives other batches in every epoch, the same to every arm', async () => {
    const dataset = { ...digits, flip: true, crop: 1 };
    const task = await loaded({ dataset, model: 'logistic' });
    const losses = async (seed: number): Promise<number[]> => {
      const problem = await task.problem(seed);
      const values = [0, 1].flatMap((epoch) =>
        [...problem.batches(epoch)].map((batch) => {
          const value = tf.tidy(() => (batch.loss() as tf.Scalar).dataSync()[0]!);
          batch.dispose();
          return value;
        }),
      );
      problem.dispose();
      return values;
    };
    const first = await losses(0);
    expect(await losses(0)).toEqual(first);
    expect(new Set(first).size).toBe(first.length);
  });

  it.each<[JsonObject, RegExp]>([
    [{ model: { name: 'vit', patch: 3 } }, /vit: expected patch to divide .*got 3 for 8×8/],
    [{ model: { name: 'vit', width: 10, heads: 4 } }, /vit: expected width to be a multiple of heads/],
    [{ model: { name: 'cnn', channels: [2, 2, 2, 2] } }, /cnn: expected images of at least 16 pixels/],
    [{ model: 'mlp', batchSize: 65 }, /expected batchSize to be at most 64/],
    [
      { model: 'mlp', dataset: { name: 'digits', train: 9_999 } },
      /expected train to be at most the \d+ examples/,
    ],
  ])('%j is refused before anything trains', async (task, message) => {
    await expect(loaded(task)).rejects.toThrow(message);
  });
});

describe('fine-tuning', () => {
  it('starts from saved weights; a head of another size starts anew', async () => {
    const registry = await loadRegistry();
    const model = { name: 'mlp', hidden: [8] };
    const request = { inputShape: [8, 8, 1], outputs: 10, seed: 5 };
    const trained = await registry.build('model', model).create(request);
    const path = join(folder, 'saved');
    await trained.save(fileSystem(path));
    const weights = trained.getWeights().map((weight) => weight.arraySync());
    const again = await registry.build('model', { ...model, from: path }).create({ ...request, seed: 6 });
    expect(again.getWeights().map((weight) => weight.arraySync())).toEqual(weights);
    const other = await registry.build('model', { ...model, from: path }).create({ ...request, outputs: 3 });
    expect(other.getWeights()[0]!.arraySync()).toEqual(weights[0]);
    expect(other.getWeights()[2]!.shape).toEqual([8, 3]);
    await expect(
      registry.build('model', { name: 'lstm', units: 3, from: path }).create(request),
    ).rejects.toThrow(/expected ".*saved" to hold weights of this model, got none of an equal shape/);
    // The data of a trial are those weights too: its identity says so.
    const [fresh, tuned] = [await loaded({ model }), await loaded({ model: { ...model, from: path } })];
    expect(tuned.checksum).not.toBe(fresh.checksum);
    for (const each of [trained, again, other]) each.dispose();
  });
});
