import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { type StepReport, sgd, sharpnessAware, stepRecorder } from '@tfjs-sam/core';
import { jsonLines, tensorBoard, tensorBoardEvents } from '@tfjs-sam/core/node';
import { useBackend } from '@tfjs-sam/testing';
import protobuf from 'protobufjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { crc32c } from '../src/driver/saving/checksum.js';

const report = (step: number): StepReport => ({
  step,
  loss: 0.5 + step,
  perturbedLoss: 0.75 + step,
  surrogateGap: 0.25,
  gradientNorm: 2,
  perturbationNorm: 0.05,
  cosine: Number.NaN,
  isActive: true,
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('jsonLines', () => {
  it('writes one object a line, appends, and makes the folder', async () => {
    const path = join(folder, 'deep', 'steps.jsonl');
    for (const step of [0, 10]) {
      const log = jsonLines(path);
      log(report(step));
      await log.close();
    }
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { ...report(0), cosine: null },
      { ...report(10), cosine: null },
    ]);
  });
});

/** The part of TensorFlow's event.proto and summary.proto that scalars need, read by an independent decoder. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Value { string tag = 1; float simple_value = 2; }
  message Summary { repeated Value value = 1; }
  message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }
`);
const Event = root.lookupType('Event');

const masked = (data: Uint8Array) => {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

function readEvents(file: Buffer): Record<string, unknown>[] {
  const events: Record<string, unknown>[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(masked(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(masked(data));
    events.push(Event.toObject(Event.decode(data), { longs: Number }));
    at += 16 + length;
  }
  return events;
}

describe('tensorBoard', () => {
  it('has the checksum of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.from('6789'), crc32c(Buffer.from('12345')))).toBe(0xe3069283);
  });

  it('makes event files of numbers that are known already', () => {
    const scalars = { 'test/accuracy': 0.5, 'test/loss': Number.NaN };
    const [version, event] = readEvents(tensorBoardEvents([{ step: 7, wallTime: 1_700_000_000.5, scalars }]));
    expect(version).toEqual({ wallTime: 1_700_000_000.5, fileVersion: 'brain.Event:2' });
    expect(event).toEqual({
      wallTime: 1_700_000_000.5,
      step: 7,
      summary: { value: [{ tag: 'test/accuracy', simpleValue: 0.5 }] },
    });
  });

  it('writes event files that TensorBoard reads', async () => {
    const before = Date.now() / 1000;
    const board = tensorBoard(join(folder, 'logs'));
    board(report(3));
    board(report(300));
    await board.close();
    const [name, ...others] = readdirSync(join(folder, 'logs'));
    expect(others).toEqual([]);
    expect(name).toMatch(/^events\.out\.tfevents\.\d+\./);
    const [version, first, second] = readEvents(readFileSync(join(folder, 'logs', name!)));
    expect(version).toMatchObject({ fileVersion: 'brain.Event:2' });
    expect(first).toMatchObject({ step: 3 });
    expect(second).toMatchObject({ step: 300 });
    expect(first!.wallTime).toBeGreaterThanOrEqual(before);
    const { value } = first!.summary as { value: { tag: string; simpleValue: number }[] };
    expect(Object.fromEntries(value.map(({ tag, simpleValue }) => [tag, simpleValue]))).toEqual({
      'sam/loss': 3.5,
      'sam/perturbedLoss': 3.75,
      'sam/surrogateGap': 0.25,
      'sam/gradientNorm': 2,
      'sam/perturbationNorm': Math.fround(0.05),
      'sam/isActive': 1,
    });
  });
});

describe('a writer', () => {
  const minimize = (optimizer: tf.Optimizer, w: tf.Variable, steps: number) => {
    for (let i = 0; i < steps; i++) optimizer.minimize(() => tf.sum(tf.square(w)) as tf.Scalar, false, [w]);
  };

  it.each(['cpu', 'wasm'] as const)('loses nothing of a loop without awaits, on %s', async (backend) => {
    await useBackend(backend);
    const [lines, board] = [jsonLines(join(folder, 'steps.jsonl')), tensorBoard(join(folder, 'logs'))];
    const w = tf.variable(tf.tensor1d([1, 2]));
    const optimizer = sharpnessAware(sgd({ learningRate: 0.01 }), { onStep: [lines, board] });
    minimize(optimizer, w, 5);
    await Promise.all([lines.close(), board.close(), lines.close()]);
    const written = readFileSync(join(folder, 'steps.jsonl'), 'utf8').trimEnd().split('\n');
    expect(written.map((line) => (JSON.parse(line) as StepReport).step)).toEqual([0, 1, 2, 3, 4]);
    const [log] = readdirSync(join(folder, 'logs'));
    expect(readEvents(readFileSync(join(folder, 'logs', log!)))).toHaveLength(6);
    // What comes after is not written, and fails nothing.
    minimize(optimizer, w, 1);
    lines(report(9));
    await lines.close();
    for (const thing of [optimizer, w]) thing.dispose();
  });

  it.runIf(process.platform === 'linux')(
    'that finds the disk full ends neither training nor process',
    async () => {
      await useBackend('cpu');
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      const [full, lines] = [jsonLines('/dev/full'), jsonLines(join(folder, 'steps.jsonl'))];
      const w = tf.variable(tf.tensor1d([1, 2]));
      const optimizer = sharpnessAware(sgd({ learningRate: 0.01 }), { onStep: [full, lines] });
      for (let i = 0; i < 4; i++) {
        minimize(optimizer, w, 1);
        await setTimeout(5);
      }
      await expect(full.close()).rejects.toThrow('jsonLines: expected to write "/dev/full", got ENOSPC');
      await lines.close();
      expect(readFileSync(join(folder, 'steps.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(4);
      expect(warn.mock.calls.map(([message]) => message as string)).toEqual([
        expect.stringMatching(/^jsonLines: .*ENOSPC.*The steps from here on are not written\.$/),
      ]);
      warn.mockRestore();
      for (const thing of [optimizer, w]) thing.dispose();
    },
  );

  it('that cannot write at all says so when closed, not before', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const lines = jsonLines(folder);
    lines(report(0));
    await setTimeout(5);
    lines(report(1));
    await expect(lines.close()).rejects.toThrow(/jsonLines: expected to write .*EISDIR/);
    warn.mockRestore();
  });
});

it('what a training reports reaches History, JSON Lines and TensorBoard alike', async () => {
  await useBackend('cpu');
  const recorder = stepRecorder();
  const [lines, board] = [jsonLines(join(folder, 'steps.jsonl')), tensorBoard(join(folder, 'logs'))];
  const model = tf.sequential({
    layers: [tf.layers.dense({ units: 1, inputShape: [3], kernelInitializer: 'ones' })],
  });
  const onStep = [recorder.onStep, lines, board];
  const optimizer = sharpnessAware(sgd({ learningRate: 0.05 }), { onStep, reportEvery: 2 });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  const [x, y] = [tf.randomNormal([8, 3], 0, 1, 'float32', 1), tf.randomNormal([8, 1], 0, 1, 'float32', 2)];
  const { history } = await model.fit(x, y, { batchSize: 2, verbose: 0, callbacks: recorder.callbacks });
  await Promise.all([lines.close(), board.close()]);
  expect(recorder.reports.map(({ step }) => step)).toEqual([0, 2]);
  const [first, second] = recorder.reports;
  expect(history.cosine).toEqual([(first!.cosine + second!.cosine) / 2]);
  const written = readFileSync(join(folder, 'steps.jsonl'), 'utf8').trimEnd().split('\n');
  expect(written.map((line) => JSON.parse(line))).toEqual(recorder.reports);
  const [, ...events] = readEvents(readFileSync(join(folder, 'logs', readdirSync(join(folder, 'logs'))[0]!)));
  const shown = events.map(({ step = 0, summary }) => {
    const { value } = summary as { value: { tag: string; simpleValue: number }[] };
    return { step, ...Object.fromEntries(value.map(({ tag, simpleValue }) => [tag.slice(4), simpleValue])) };
  });
  const rounded = recorder.reports.map((numbers) =>
    Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Math.fround(value)])),
  );
  expect(shown).toEqual(rounded);
  tf.dispose([x, y]);
  model.dispose();
  optimizer.dispose();
});
