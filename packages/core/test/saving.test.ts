import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {
  type AscentDirection,
  adamw,
  axpy,
  clipByGlobalNorm,
  cosineDecay,
  elementwiseMetric,
  euclideanMetric,
  exponentialMovingAverage,
  type GradientOracle,
  lion,
  mongeMetric,
  muon,
  type ParamVector,
  restoreState,
  SharpnessAwareOptimizer,
  saveState,
  scale,
  seededSampler,
  sgd,
  sharpnessAware,
  stepDecay,
  withLearningRate,
  withWeightDecay,
} from '@tfjs-sam/core';
import { fileSystem } from '@tfjs-sam/core/node';
import { backendNames, type ToyProblem, toyProblem, useBackend } from '@tfjs-sam/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memory, train } from './training.js';

/** Climbs along a moving average of gradients: a strategy that remembers. */
const averaged: AscentDirection = (gradient, oracle) => {
  const old = oracle.state.get('average');
  const next = old ? axpy(0.7, old, scale(0.3, gradient)) : gradient;
  oracle.state.set('average', next);
  return next;
};
/** A filter that draws: its mask depends on seed and step alone. */
const draw = seededSampler('uniform', 3);
const randomMask = {
  apply: (perturbation: ParamVector, _gradient: ParamVector, { step }: { step: number }) => {
    const mask = draw(
      perturbation.map(({ shape }) => shape),
      step,
      0,
    );
    return perturbation.map((tensor, i) => tf.mul(tensor, tf.round(mask[i]!)));
  },
};

const variants: Readonly<Record<string, (base: tf.Optimizer) => tf.Optimizer>> = {
  none: (base) => base,
  SAM: (base) => sharpnessAware(base),
  'ASAM with a schedule': (base) =>
    sharpnessAware(base, { metric: elementwiseMetric({ eta: 0.01 }), rho: cosineDecay(0.5, 0.1, 5) }),
  'M-SAM': (base) => sharpnessAware(base, { metric: mongeMetric() }),
  'a variant that remembers and draws': (base) =>
    sharpnessAware(base, { ascent: averaged, filter: randomMask }),
  'SAM in wrappers': (base) =>
    exponentialMovingAverage(clipByGlobalNorm(sharpnessAware(base), 0.5), { decay: 0.8 }),
  'wrappers in SAM': (base) =>
    sharpnessAware(withWeightDecay(withLearningRate(base, stepDecay(0.05, 0.5, 2)), { weightDecay: 0.1 })),
};
const bases: Readonly<Record<string, () => tf.Optimizer>> = {
  sgd: () => sgd({ learningRate: stepDecay(0.05, 0.7, 2), momentum: 0.9, nesterov: true, weightDecay: 1e-3 }),
  adamw: () => adamw({ learningRate: 0.02 }),
  lion: () => lion({ learningRate: 0.003, weightDecay: 0.1 }),
  muon: () => muon({ learningRate: 0.01, weightDecay: 0.1 }),
  'tf.train.sgd': () => tf.train.sgd(0.05),
  'tf.train.momentum': () => tf.train.momentum(0.05, 0.9),
  'tf.train.adam': () => tf.train.adam(0.02),
  // What TensorFlow.js does not save at all is saved here, all of it.
  'tf.train.adamax': () => tf.train.adamax(0.02, 0.9, 0.99, 1e-7, 0.01),
  'tf.train.rmsprop': () => tf.train.rmsprop(0.01, 0.9, 0.5),
  // TensorFlow.js subtracts this epsilon under the root: it must be below a tenth of any gradient's square.
  'tf.train.rmsprop, centered': () => tf.train.rmsprop(0.01, 0.9, 0.5, 1e-12, true),
  'tf.train.adagrad': () => tf.train.adagrad(0.05),
  'tf.train.adadelta': () => tf.train.adadelta(0.5),
};
const directionOf = (oracle: GradientOracle) => {
  const { loss, gradient } = oracle.evaluate();
  return { loss, direction: gradient };
};
const combinations = Object.keys(variants).flatMap((variant) =>
  Object.keys(bases).map((base) => [variant, base] as const),
);
const STEPS = 5;

/** Trains once without a break, then with a break after each number of steps: the farthest that an end is off. */
async function interruptions(
  make: () => tf.Optimizer,
  worst: (problem: ToyProblem, expected: readonly number[][]) => void,
): Promise<void> {
  const whole = toyProblem();
  const start = whole.values();
  const uninterrupted = make();
  train(uninterrupted, whole, STEPS);
  const expected = whole.values();
  for (let stop = 1; stop < STEPS; stop++) {
    const place = memory();
    whole.assign(start);
    const interrupted = make();
    train(interrupted, whole, stop);
    await saveState(interrupted, place);
    interrupted.dispose();
    // As another process would: other variables, other names.
    const problem = toyProblem();
    problem.assign(whole.values());
    const resumed = make();
    await restoreState(resumed, place);
    expect(resumed.iterations).toBe(stop);
    train(resumed, problem, STEPS - stop, stop);
    worst(problem, expected);
    resumed.dispose();
    problem.dispose();
  }
  uninterrupted.dispose();
  whole.dispose();
}

describe.each([...backendNames])('saveState and restoreState on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  // On wasm each base and each variant in turn: the conformance suite continues every variant over more on both. TensorFlow.js's
  // optimizers are the same on both backends, and slower.
  const own = combinations.filter(([, base]) => !base.startsWith('tf.'));
  const tried = backend === 'cpu' ? combinations : own.filter((_, i) => i % 4 === 0);
  it.each(tried)('continue %s over %s, interrupted at any step', async (variant, base) => {
    const make = () => variants[variant]!(bases[base]!());
    await interruptions(make, (problem, expected) => expect(problem.values()).toEqual(expected));
  });

  it('leave no tensor behind', async () => {
    const problem = toyProblem();
    const [optimizer, copy] = [0, 1].map(() => variants['SAM in wrappers']!(adamw()));
    train(optimizer!, problem, 2);
    const place = memory();
    const { numTensors } = tf.memory();
    await saveState(optimizer!, place);
    expect(tf.memory().numTensors).toBe(numTensors);
    await restoreState(copy!, place);
    const restored = tf.memory().numTensors;
    await restoreState(copy!, place);
    expect(tf.memory().numTensors).toBe(restored);
    copy!.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    optimizer!.dispose();
    problem.dispose();
  });
});

describe('saveState and restoreState', () => {
  beforeAll(() => useBackend('cpu'));

  it('restore a learning rate that was changed during the training, at its level', async () => {
    const make = () => sharpnessAware(withWeightDecay(tf.train.momentum(0.1, 0.9), { weightDecay: 0.1 }));
    const [saved, restored] = [make(), make()];
    saved.setLearningRate(0.025);
    const place = memory();
    await saveState(saved, place);
    await restoreState(restored, place);
    expect(restored.learningRate).toBe(0.025);
    expect(restored.getConfig()).toEqual(saved.getConfig());
    saved.dispose();
    restored.dispose();
  });

  it('work with tf.io’s own handlers and URLs', async () => {
    const problem = toyProblem();
    const optimizer = sharpnessAware(adamw());
    train(optimizer, problem, 2);
    let artifacts: tf.io.ModelArtifacts | undefined;
    const keep = tf.io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(given) };
    });
    const { modelArtifactsInfo } = await saveState(optimizer, keep);
    // Two counts (int32), one of each variable's updates, and two slots for each weight.
    const size = problem.values().flat().length;
    expect(modelArtifactsInfo.weightDataBytes).toBe(4 * (2 * size + problem.variables.length + 2));
    const copy = sharpnessAware(adamw());
    await restoreState(copy, tf.io.fromMemory(artifacts!));
    expect(copy.iterations).toBe(2);

    const place = memory();
    const router = (url: string | string[]) => (url === 'shelf://here' ? place : null) as tf.io.IOHandler;
    tf.io.registerSaveRouter(router);
    tf.io.registerLoadRouter(router);
    await saveState(optimizer, 'shelf://here');
    await restoreState(copy, 'shelf://here');
    await expect(saveState(optimizer, 'shelf://there')).rejects.toThrow(
      'saveState: expected a URL that TensorFlow.js has a handler for, got "shelf://there"',
    );
    await expect(restoreState(copy, 'file:///there')).rejects.toThrow('pass fileSystem(path)');
    for (const thing of [optimizer, copy, problem]) thing.dispose();
  });

  const base = () => sgd({ learningRate: 0.1, momentum: 0.9 });
  it.each<[string, () => tf.Optimizer, () => tf.Optimizer]>([
    [
      'rho is 0.05 in the state and 0.1 here',
      () => sharpnessAware(base(), { rho: 0.05 }),
      () => sharpnessAware(base(), { rho: 0.1 }),
    ],
    [
      'rho is 0.05 in the state and 0.1 here',
      () => sharpnessAware(base()),
      () => sharpnessAware(base(), { rho: 0.1 }),
    ],
    [
      'metric.name is "elementwise" in the state and "monge" here',
      () => sharpnessAware(base(), { metric: elementwiseMetric({ eta: 0 }) }),
      () => sharpnessAware(base(), { metric: mongeMetric() }),
    ],
    [
      'base.momentum is 0.9 in the state and 0.5 here',
      () => sharpnessAware(base()),
      () => sharpnessAware(sgd({ learningRate: 0.1, momentum: 0.5 })),
    ],
    [
      'base.name is "sgd" in the state and "adam" here',
      () => sharpnessAware(base()),
      () => sharpnessAware(tf.train.adam(0.1)),
    ],
    [
      'base.name is "sgd" in the state and "clip-by-global-norm" here',
      () => sharpnessAware(base()),
      () => sharpnessAware(clipByGlobalNorm(base(), 1)),
    ],
    [
      'class is "Adam" in the state and "SharpnessAwareOptimizer" here',
      () => tf.train.adam(0.1),
      () => sharpnessAware(tf.train.adam(0.1)),
    ],
    [
      'learningRate is 0.1 in the state and {"name":"cosine","from":1,"to":0,"steps":9} here',
      () => sgd({ learningRate: 0.1 }),
      () => sgd({ learningRate: cosineDecay(1, 0, 9) }),
    ],
  ])('say so when %s', async (message, one, other) => {
    const place = memory();
    const [saved, wrong] = [one(), other()];
    const problem = toyProblem();
    train(saved, problem, 1);
    await saveState(saved, place);
    const { numTensors } = tf.memory();
    await expect(restoreState(wrong, place)).rejects.toThrow(
      `restoreState: expected the state of an optimizer of the same configuration, got another: ${message}. Make`,
    );
    expect(wrong.iterations).toBe(0);
    expect(tf.memory().numTensors).toBe(numTensors);
    for (const thing of [saved, wrong, problem]) thing.dispose();
  });

  it.each<[string, () => tf.Optimizer]>([
    [
      'the variant',
      () => new SharpnessAwareOptimizer(base(), { name: 'own', direction: (o) => directionOf(o) }),
    ],
    ['metric', () => sharpnessAware(base(), { metric: { name: 'own', at: euclideanMetric().at } })],
    ['rho', () => sharpnessAware(base(), { rho: (step) => 1 / (1 + step) })],
    ['match', () => sharpnessAware(base(), { groups: [{ match: ({ name }) => name === 'bias', rho: 0 }] })],
    ['learningRate', () => sgd({ learningRate: (step) => 1 / (1 + step) })],
    ['decay', () => sharpnessAware(adamw({ decay: ({ shape }) => shape.length > 1 }))],
    ['base', () => sharpnessAware(new (class extends tf.SGDOptimizer {})(0.1))],
  ])('are what is left where %s is a function of one’s own: the error says so', async (what, make) => {
    const optimizer = make();
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const place = memory();
    await model.save(place, { includeOptimizer: true });
    await expect(tf.loadLayersModel(place)).rejects.toThrow(
      `catalog: expected ${what} to have a name, got a function or an object of one's own`,
    );
    await saveState(optimizer, place);
    await restoreState(optimizer, place);
    model.dispose();
    optimizer.dispose();
  });

  it('say so when there is another thing in the place, or another version', async () => {
    const optimizer = base();
    const place = memory();
    await expect(restoreState(optimizer, place)).rejects.toThrow(
      'restoreState: expected a state written by saveState, got something else',
    );
    await saveState(optimizer, place);
    (place.artifacts.modelTopology as { version: number }).version = 3;
    await expect(restoreState(optimizer, place)).rejects.toThrow('expected a state of version 1 or 2, got 3');
    await expect(saveState(optimizer, tf.io.fromMemory({}))).rejects.toThrow('a handler with "save"');
    optimizer.dispose();
  });
});

describe('fileSystem', () => {
  let folder = '';
  beforeAll(async () => {
    await useBackend('cpu');
    folder = await mkdtemp(join(tmpdir(), 'tfjs-sam-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('keeps a state in files, the last one alone', async () => {
    const path = join(folder, 'run', 'optimizer');
    const problem = toyProblem();
    const optimizer = sharpnessAware(lion());
    for (let i = 0; i < 3; i++) {
      train(optimizer, problem, 1, i);
      await saveState(optimizer, fileSystem(path));
      expect(
        (await readdir(path)).filter(
          (name) => !/^model\.json$|^weights-[0-9a-f]+-[0-9a-f]+\.bin$/.test(name),
        ),
      ).toEqual([]);
      expect(await readdir(path)).toHaveLength(2);
    }
    await saveState(optimizer, fileSystem(path));
    const copy = sharpnessAware(lion());
    await restoreState(copy, fileSystem(path));
    expect(copy.iterations).toBe(3);
    for (const thing of [optimizer, copy, problem]) thing.dispose();
  });

  it('keeps models with their optimizers, which continue bit for bit', async () => {
    const path = join(folder, 'model');
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ units: 4, inputShape: [3], activation: 'tanh' }),
        tf.layers.dense({ units: 1 }),
      ],
    });
    model.compile({ optimizer: sharpnessAware(adamw({ learningRate: 0.05 })), loss: 'meanSquaredError' });
    const [x, y] = [tf.randomNormal([8, 3], 0, 1, 'float32', 1), tf.randomNormal([8, 1], 0, 1, 'float32', 2)];
    const options = { epochs: 3, verbose: 0 as const, shuffle: false };
    await model.fit(x, y, options);
    await model.save(fileSystem(path), { includeOptimizer: true });
    const loaded = (await tf.loadLayersModel(fileSystem(path))) as tf.Sequential;
    expect(loaded.optimizer.iterations).toBe(3);
    await model.fit(x, y, options);
    await loaded.fit(x, y, options);
    const values = (of: tf.LayersModel) => of.getWeights().map((weight) => [...weight.dataSync()]);
    expect(values(loaded)).toEqual(values(model));
    await expect(restoreState(model.optimizer, fileSystem(path))).rejects.toThrow(
      'expected a state written by saveState, got something else. A model is loaded by tf.loadLayersModel',
    );
    tf.dispose([x, y]);
    model.dispose();
    loaded.dispose();
  });

  it('reads what tfjs-node writes: several files, in their order', async () => {
    const path = join(folder, 'sharded');
    const state = memory();
    const problem = toyProblem();
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1, momentum: 0.9 }));
    train(optimizer, problem, 2);
    await saveState(optimizer, state);
    await saveState(optimizer, fileSystem(path));
    const topology = JSON.parse(await readFile(join(path, 'model.json'), 'utf8')) as tf.io.ModelJSON;
    const bytes = await readFile(join(path, topology.weightsManifest[0]!.paths[0]!));
    topology.weightsManifest[0]!.paths = ['group1-shard1of2.bin', 'group1-shard2of2.bin'];
    await writeFile(join(path, 'group1-shard1of2.bin'), bytes.subarray(0, 10));
    await writeFile(join(path, 'group1-shard2of2.bin'), bytes.subarray(10));
    await writeFile(join(path, 'model.json'), JSON.stringify({ ...topology, checksum: undefined }));
    const loaded = await fileSystem(path).load!();
    expect(new Uint8Array(loaded.weightData as ArrayBuffer)).toEqual(
      new Uint8Array(state.artifacts.weightData as ArrayBuffer),
    );
    optimizer.dispose();
    problem.dispose();
  });

  it('says what it expects', async () => {
    expect(() => fileSystem('')).toThrow('fileSystem: expected the path of a folder, got ""');
    await expect(restoreState(sgd({ learningRate: 1 }), fileSystem(join(folder, 'nothing')))).rejects.toThrow(
      'fileSystem: expected a folder with a model.json, got',
    );
  });
});
