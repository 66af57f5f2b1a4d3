import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {
  adamw,
  exponentialMovingAverage,
  mongeMetric,
  restoreState,
  saveState,
  sgd,
  sharpnessAware,
} from '@tfjs-sam/core';
import { fileSystem } from '@tfjs-sam/core/node';
import { toyProblem } from '@tfjs-sam/testing';
import { type Draw, drawing, type Files, ofArtifacts, ofModels, ofStates, oneOf } from './damage.js';
import { memory, stateOf, train } from './training.js';

/** Optimizers whose states are damaged: core's own, TensorFlow.js's, and one within another. */
const optimizers: readonly (() => tf.Optimizer)[] = [
  () => sharpnessAware(sgd({ learningRate: 0.01, momentum: 0.9 })),
  () => sharpnessAware(tf.train.adam(0.01)),
  () => exponentialMovingAverage(sharpnessAware(adamw(), { metric: mongeMetric() })),
];

/** What came of it: damages tried, and those that were not refused as they must be, in words. */
export interface Outcome {
  tried: number;
  readonly failed: string[];
}

/** Tries to restore or to load something damaged, which must change nothing and be refused with the place's name. */
async function mustRefuse(
  outcome: Outcome,
  what: string,
  attempt: () => Promise<unknown>,
  state: () => Promise<unknown>,
  place: string,
): Promise<void> {
  outcome.tried += 1;
  const before = JSON.stringify(await state());
  const { numTensors, numBytes } = tf.memory();
  const message = await attempt().then(
    () => undefined,
    (error: Error) => error.message,
  );
  const faults = [
    message === undefined && 'was accepted',
    JSON.stringify(await state()) !== before && 'changed the state',
    (tf.memory().numTensors !== numTensors || tf.memory().numBytes !== numBytes) && 'leaked',
    message !== undefined && !message.includes(place) && `does not name the place: ${message}`,
    /is not a function|Cannot read|is not iterable|\[object|not defined/.test(message ?? '') &&
      `says ${message}`,
  ].filter((fault) => fault !== false);
  if (faults.length > 0) outcome.failed.push(`${what}: ${faults.join('; ')}`);
}

async function filesOf(folder: string): Promise<Files> {
  const names = await readdir(folder);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
}

async function put(folder: string, files: Files): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
}

/** Draws a damage that does something. */
function drawn<T>(
  draw: Draw,
  ways: Readonly<Record<string, (draw: Draw) => T>>,
  same: (damaged: T) => boolean,
) {
  for (;;) {
    const [name, way] = oneOf(draw, Object.entries(ways));
    const damaged = way(draw);
    if (!same(damaged)) return { name, damaged };
  }
}

const fingerprint = (files: Files) =>
  JSON.stringify(Object.entries(files).map(([name, bytes]) => [name, bytes.toString('hex')]));

/** Damages folders of states: see `mustRefuse`. */
export async function damageStates(folder: string, count: number, seed: number): Promise<Outcome> {
  const outcome: Outcome = { tried: 0, failed: [] };
  const draw = drawing(seed);
  for (const make of optimizers) {
    const [good, other] = await savedTwice(make, folder);
    for (let i = 0; i < count / optimizers.length; i++) {
      const ways = Object.fromEntries(
        Object.entries(ofStates).map(([name, way]) => [name, (d: Draw) => way(good!, other!, d)]),
      );
      const { name, damaged } = drawn(draw, ways, (files) => fingerprint(files) === fingerprint(good!));
      const place = join(folder, 'damaged');
      await put(place, damaged);
      await withTrained(make, async (optimizer) => {
        const restore = () => restoreState(optimizer, fileSystem(place));
        await mustRefuse(outcome, name, restore, () => stateOf(optimizer), place);
      });
    }
  }
  return outcome;
}

async function savedTwice(make: () => tf.Optimizer, folder: string): Promise<Files[]> {
  const saved: Files[] = [];
  for (const steps of [2, 3]) {
    const place = join(folder, 'good');
    await rm(place, { recursive: true, force: true });
    await withTrained(make, (optimizer) => saveState(optimizer, fileSystem(place)), steps);
    saved.push(await filesOf(place));
  }
  return saved;
}

async function withTrained(
  make: () => tf.Optimizer,
  f: (optimizer: tf.Optimizer) => Promise<unknown>,
  steps = 1,
): Promise<void> {
  const [problem, optimizer] = [toyProblem(), make()];
  train(optimizer, problem, steps);
  await f(optimizer);
  optimizer.dispose();
  problem.dispose();
}

/** Damages what handlers of one's own give back: see `mustRefuse`. */
export async function damageArtifacts(count: number, seed: number): Promise<Outcome> {
  const outcome: Outcome = { tried: 0, failed: [] };
  const draw = drawing(seed);
  for (const make of optimizers) {
    const good = memory();
    await withTrained(make, (optimizer) => saveState(optimizer, good), 2);
    const ways = Object.fromEntries(
      Object.entries(ofArtifacts).map(([name, way]) => [name, (d: Draw) => way(good.artifacts, d)]),
    );
    const print = ({ weightData, ...rest }: tf.io.ModelArtifacts = {}) =>
      JSON.stringify([rest, weightData && Buffer.from(weightData as ArrayBuffer).toString('hex')]);
    for (let i = 0; i < count / optimizers.length; i++) {
      const { name, damaged } = drawn(draw, ways, (artifacts) => print(artifacts) === print(good.artifacts));
      await withTrained(make, async (optimizer) => {
        const handler = { path: 'somewhere', load: async () => damaged };
        await mustRefuse(
          outcome,
          name,
          () => restoreState(optimizer, handler),
          () => stateOf(optimizer),
          'somewhere',
        );
      });
    }
  }
  return outcome;
}

/** Damages folders of models, saved with their optimizers: see `mustRefuse`. */
export async function damageModels(folder: string, count: number, seed: number): Promise<Outcome> {
  const outcome: Outcome = { tried: 0, failed: [] };
  const draw = drawing(seed);
  const [good, other] = [
    await savedModel(join(folder, 'one'), 1),
    await savedModel(join(folder, 'other'), 2),
  ];
  const ways = Object.fromEntries(
    Object.entries(ofModels).map(([name, way]) => [name, (d: Draw) => way(good, other, d)]),
  );
  for (let i = 0; i < count; i++) {
    const { name, damaged } = drawn(draw, ways, (files) => fingerprint(files) === fingerprint(good));
    const place = join(folder, 'damaged');
    await put(place, damaged);
    const load = () => tf.loadLayersModel(fileSystem(place));
    await mustRefuse(outcome, name, load, async () => undefined, place);
  }
  return outcome;
}

async function savedModel(place: string, seed: number): Promise<Files> {
  const kernelInitializer = tf.initializers.glorotUniform({ seed });
  const model = tf.sequential({
    layers: [tf.layers.dense({ units: 3, inputShape: [2], kernelInitializer })],
  });
  model.compile({ optimizer: sharpnessAware(adamw()), loss: 'meanSquaredError' });
  const [x, y] = [tf.ones([2, 2]), tf.ones([2, 3])];
  await model.fit(x, y, { epochs: seed, verbose: 0 });
  await model.save(fileSystem(place), { includeOptimizer: true });
  tf.dispose([x, y]);
  model.dispose();
  return filesOf(place);
}
