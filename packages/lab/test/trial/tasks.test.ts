import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadRegistry } from '../../src/parts/load.js';
import type { JsonObject } from '../../src/study/paths.js';
import { runTrial } from '../../src/trial/run-trial.js';
import type { TrialOutput } from '../../src/trial/spec.js';

beforeAll(async () => {
  tf.enableProdMode();
  await prepareBackend({ backend: 'wasm', deterministic: true });
});

const backend = { name: 'wasm', deterministic: true };
const sgd = { base: { name: 'sgd', learningRate: 0.05, momentum: 0.9 } };

async function train(
  task: JsonObject,
  optimizer: JsonObject = sgd,
  measures: readonly JsonObject[] = [],
): Promise<TrialOutput> {
  const before = tf.memory().numTensors;
  const names = { id: 'id', task: 'task', arm: 'arm', point: {}, seed: 1, plugins: [] };
  const output = await runTrial(
    { ...names, config: { task, optimizer, measures, backend } },
    await loadRegistry(),
  );
  expect(tf.memory().numTensors).toBe(before);
  return output;
}

const timeless = ({ stepTimes: _, epochs, ...rest }: TrialOutput): object => ({
  ...rest,
  epochs: epochs.map(({ seconds: __, stepMs: ___, ...record }) => record),
});

describe('adversarial training', () => {
  const task = {
    name: 'supervised',
    dataset: { name: 'digits', train: 512 },
    model: { name: 'mlp', hidden: [32] },
    epochs: 8,
  };
  const measures = [
    { name: 'adversarial', epsilon: 0.02 },
    { name: 'adversarial', epsilon: 0.15 },
    { name: 'accuracy' },
  ];

  it('withstands what clean training does not, counts its gradients, and repeats', async () => {
    const clean = await train(task, sgd, measures);
    const attacked = { ...task, adversarial: { epsilon: 0.15, steps: 2 } };
    const robust = await train(attacked, sgd, measures);
    expect(robust.epochs[0]!.gradients).toBe(3 * clean.epochs[0]!.gradients);
    const under = ({ measures: found }: TrialOutput, name: string): number => found[name]!.value!;
    expect(under(clean, 'adversarial-0.02')).toBeLessThan(under(clean, 'accuracy'));
    expect(under(clean, 'adversarial-0.15')).toBeLessThan(under(clean, 'adversarial-0.02'));
    expect(under(robust, 'adversarial-0.15')).toBeGreaterThan(under(clean, 'adversarial-0.15') + 0.1);
    expect(timeless(await train(attacked, sgd, measures))).toEqual(timeless(robust));
  });
});

describe('alignment', () => {
  const task = { name: 'alignment', dataset: { name: 'digits', train: 512 }, batchSize: 64, epochs: 6 };

  it('finds the other half of an image far better than by chance, and repeats', async () => {
    const first = await train(task);
    // Of 359 halves one is right.
    expect(first.epochs.at(-1)!.test.accuracy!).toBeGreaterThan(5 / 359);
    expect(first.epochs.at(-1)!.train.loss!).toBeLessThan(first.epochs[0]!.train.loss!);
    expect(timeless(await train(task))).toEqual(timeless(first));
  });

  it('is refused where there are fewer pairs than a batch has', async () => {
    const registry = await loadRegistry();
    const build = (dataset: JsonObject) => registry.build('task', { ...task, dataset }).load();
    await expect(build({ name: 'digits', train: 32 })).rejects.toThrow(/batchSize to be at most 32/);
  });
});

describe('a model that has learnt something else before', () => {
  const dataset = { name: 'digits', classes: [5, 6, 7, 8, 9], train: 64 };
  const mlp = { name: 'mlp', hidden: [16] };
  const model = {
    name: 'pretrained',
    model: mlp,
    dataset: { name: 'digits', classes: [0, 1, 2, 3, 4] },
    epochs: 3,
  };

  it('starts from what it learnt, equal for every arm and in every process', async () => {
    const registry = await loadRegistry();
    const request = { inputShape: [8, 8, 1], outputs: 5, seed: 3 };
    const make = async (config: JsonObject) => registry.build('model', config).create(request);
    const kernelOf = (made: tf.LayersModel): number[] => [...made.getWeights()[0]!.dataSync()];
    const [fresh, first, again, longer] = [
      await make(mlp),
      await make(model),
      await make(model),
      await make({ ...model, epochs: 4 }),
    ];
    expect(kernelOf(first)).toEqual(kernelOf(again));
    expect(kernelOf(first)).not.toEqual(kernelOf(fresh));
    expect(kernelOf(longer)).not.toEqual(kernelOf(first));
    for (const each of [fresh, first, again, longer]) each.dispose();
  });

  it('goes on with what it learnt after a stop, to the same bits, dropout among them', async () => {
    const registry = await loadRegistry();
    const part = registry.build('model', { ...model, model: { ...mlp, dropout: 0.3 } });
    const request = { inputShape: [8, 8, 1], outputs: 5, seed: 4 };
    const folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-pretrained-'));
    const keep = { folder, seconds: 0 };
    let steps = 0;
    const counted = async () => void steps++;
    const whole = await part.create({ ...request, preparation: { pause: counted } });
    const all = steps;
    const stopped = async () => {
      if (++steps === Math.round(0.7 * all)) throw new Error('stopped');
    };
    steps = 0;
    await expect(part.create({ ...request, preparation: { pause: stopped, keep } })).rejects.toThrow(
      'stopped',
    );
    expect(readdirSync(folder)).toHaveLength(1);
    steps = 0;
    const resumed = await part.create({ ...request, preparation: { pause: counted, keep } });
    expect(steps).toBeLessThan(all / 2);
    expect(resumed.getWeights().map((each) => each.arraySync())).toEqual(
      whole.getWeights().map((each) => each.arraySync()),
    );
    for (const each of [whole, resumed]) each.dispose();
    rmSync(folder, { recursive: true });
  });

  it('is known by all that it follows from', async () => {
    const registry = await loadRegistry();
    const keyOf = (more: JsonObject): string => registry.build('model', { ...model, ...more }).key;
    expect(keyOf({ epochs: 4 })).not.toBe(keyOf({}));
    expect(keyOf({ learningRate: 0.1 })).not.toBe(keyOf({}));
  });

  it('learns the task', async () => {
    const { epochs } = await train({ name: 'supervised', dataset, model, batchSize: 16, epochs: 3 });
    expect(epochs.at(-1)!.train.loss!).toBeLessThan(epochs[0]!.train.loss!);
  });
});
