import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRegistry } from '../src/parts/load.js';
import type { JsonObject } from '../src/study/paths.js';
import { runTrial, type TrialHost } from '../src/trial/run-trial.js';
import type { TrialOutput, TrialSpec } from '../src/trial/spec.js';

let folder: string;
beforeAll(async () => {
  tf.enableProdMode();
  await prepareBackend({ backend: 'wasm', deterministic: true });
  folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-trial-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const sgd = { name: 'sgd', learningRate: { name: 'cosine', from: 0.1 }, momentum: 0.9 };

function spec(optimizer: JsonObject, task: JsonObject = {}): TrialSpec {
  return {
    id: 'id',
    task: 'task',
    arm: 'arm',
    point: {},
    seed: 3,
    plugins: [],
    config: {
      task: {
        name: 'supervised',
        dataset: { name: 'digits', train: 256 },
        model: { name: 'mlp', hidden: [16] },
        batchSize: 64,
        epochs: 4,
        ...task,
      },
      optimizer,
      measures: [{ name: 'nll' }, { name: 'ece' }],
      backend: { name: 'wasm', deterministic: true },
    },
  };
}

const timeless = ({ stepTimes: _, epochs, ...rest }: TrialOutput): object => ({
  ...rest,
  epochs: epochs.map(({ seconds: __, stepMs: ___, ...record }) => record),
});

async function run(given: TrialSpec, host?: TrialHost): Promise<TrialOutput> {
  return runTrial(given, await loadRegistry(), host);
}

describe('a trial', () => {
  it('gives the same numbers again, counts gradients, and leaves no tensors', async () => {
    const given = spec({ variant: 'sam', rho: 0.1, base: sgd });
    const first = await run(given);
    const before = tf.memory().numTensors;
    const second = await run(given);
    expect(tf.memory().numTensors).toBe(before);
    expect(timeless(second)).toEqual(timeless(first));
    // 256 examples make four batches of 64, with two gradients each.
    expect(first.epochs.map(({ steps, gradients }) => [steps, gradients])).toEqual([
      [4, 8],
      [8, 16],
      [12, 24],
      [16, 32],
    ]);
    expect(first).toMatchObject({ state: 'done', outcome: 'ok' });
    expect(first.last!.test.accuracy).toBeGreaterThan(0.2);
    expect(first.measures.nll!.value).toBeCloseTo(first.last!.test.loss!, 5);
  });

  it.each([
    ['momentum', { base: sgd }, {}],
    ['AdamW under Monge SAM', { variant: 'msam', rho: 0.1, base: { name: 'adamw', learningRate: 0.01 } }, {}],
    ['batch normalisation', { base: sgd }, { model: { name: 'resnet', depth: 8, width: 0.25 }, epochs: 2 }],
    ['dropout', { variant: 'sam', base: sgd }, { model: { name: 'mlp', hidden: [16], dropout: 0.5 } }],
    ['a dynamic mask', { variant: 'sparse-sam', mask: 'dynamic', refreshEvery: 3, base: sgd }, {}],
    ["TensorFlow.js's Adam", { base: { name: 'adam', learningRate: 0.01 } }, {}],
  ])(
    'goes on from a checkpoint bit for bit, in models with other names: %s',
    async (name, optimizer, task) => {
      const given = spec(optimizer as JsonObject, task as JsonObject);
      const whole = await run(given);
      const latest = join(folder, `${name}-latest`);
      const host: TrialHost = {
        until: 1,
        checkpoint: {
          from: latest,
          seconds: 0,
          path: (epoch) => join(folder, `${name}-${epoch}`),
          written: (path) => renameSync(path, latest),
        },
      };
      const part = await run(given, host);
      expect(part.state).toBe('paused');
      expect(part.epochs).toHaveLength(1);
      expect(existsSync(latest)).toBe(true);
      // Other models were made in between: names of layers have counted up.
      const resumed = await run(given, { ...host, until: undefined });
      expect(timeless(resumed)).toEqual(timeless(whole));
    },
  );

  it('ends with a reason when the loss is not finite', async () => {
    const output = await run(spec({ base: { name: 'sgd', learningRate: 1e30 } }));
    expect(output).toMatchObject({ state: 'done', outcome: 'diverged' });
    expect(output.reason).toMatch(/^the loss of step \d+ was (NaN|Infinity)$/);
    expect(output.measures.nll).toEqual({ value: null, unreliable: 'the training diverged' });
  });

  it('says when training did not get beyond guessing', async () => {
    const output = await run(spec({ base: { name: 'sgd', learningRate: 0 } }, { epochs: 1 }));
    expect(output.outcome).toBe('chance');
    expect(output.reason).toMatch(/of 10 classes is no better than guessing/);
  });

  it('refuses other data than those that the study began with', async () => {
    await expect(run({ ...spec({ base: sgd }), checksum: 'other' })).rejects.toThrow(
      /expected the data that the study began with \(checksum other\), got others \([0-9a-f]{20}\)/,
    );
  });

  it('lets timers run within an epoch', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const model = { name: 'cnn', channels: [16, 32] };
    const began = performance.now();
    await run(spec({ base: sgd }, { model, epochs: 1, dataset: { name: 'digits' }, batchSize: 4 }));
    clearInterval(timer);
    // One each 50 ms on a free machine.
    expect(ticks).toBeGreaterThan((performance.now() - began) / 200);
  });
});
