import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { type SharpnessAwareOptimizer, type StepReport, sgd } from '@tfjs-sam/core';
import {
  type DataParallelOptions,
  DataParallelTrainer,
  type ParallelTrainer,
  SampaTrainer,
} from '@tfjs-sam/parallel';
import { beforeAll, describe, expect, it, vi } from 'vitest';

const module = new URL('./task.mjs', import.meta.url);
type Task = { build(): tf.LayersModel; loss(model: tf.LayersModel, xs: tf.Tensor, ys: tf.Tensor): tf.Scalar };
const task = (await import(module.href)) as Task;
const { sampa } = await import('../../sampa/src/index.js');
const { gsam } = await import('../../gsam/src/index.js');
const { sam } = await import('../../sam/src/index.js');
const { wsam } = await import('../../wsam/src/index.js');
const { vasso } = await import('../../vasso/src/index.js');
const { lookSam } = await import('../../look-sam/src/index.js');
const { rwp } = await import('../../rwp/src/index.js');
const { multistepSam, lookbehindSam: lookbehind } = await import('../../multistep-sam/src/index.js');
const { esam, kSam, rwSam, focalSam } = await import('../../esam/src/index.js');
const { bisam } = await import('../../bisam/src/index.js');
/** Rules with corrections, memory, random draws, several evaluations, steps without a perturbation. */
const rules = { sam, gsam, wsam, vasso, lookSam, rwp, multistepSam };
/** Rules that choose or weigh examples. */
const choosing = { esam, kSam, rwSam, focalSam };
const examples = new URL('./examples-task.mjs', import.meta.url);
const plain = new URL('./plain-task.mjs', import.meta.url);

const base = () => sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 1e-3 });
const STEPS = 8;
const data = () => ({
  x: tf.randomNormal([STEPS * 12, 6], 0, 1, 'float32', 7),
  y: tf
    .oneHot(
      tf.tensor1d(
        Array.from({ length: STEPS * 12 }, (_, i) => (i * 7) % 3),
        'int32',
      ),
      3,
    )
    .toFloat() as tf.Tensor2D,
});
const variablesOf = (model: tf.LayersModel) =>
  model.trainableWeights.map((weight) => weight.read() as tf.Variable);
const trained = (model: tf.LayersModel) => variablesOf(model).map((weight) => [...weight.dataSync()]);
const numbersOf = (model: tf.LayersModel) => model.getWeights().map((weight) => [...weight.dataSync()]);
const batches = (x: tf.Tensor, y: tf.Tensor) =>
  Array.from({ length: STEPS }, (_, i) => ({ xs: tf.slice(x, i * 12, 12), ys: tf.slice(y, i * 12, 12) }));

/** What training without threads ends with. */
function alone(optimizer: SharpnessAwareOptimizer, { build, loss } = task): number[][] {
  const { x, y } = data();
  const model = build();
  for (const { xs, ys } of batches(x, y))
    optimizer.minimize(() => loss(model, xs, ys), false, variablesOf(model));
  const result = numbersOf(model);
  model.dispose();
  return result;
}

async function together(trainer: ParallelTrainer): Promise<number[][]> {
  const { x, y } = data();
  for (const [i, batch] of batches(x, y).entries()) trainer.step(batch, i === STEPS - 1).dispose();
  const result = numbersOf(trainer.model);
  await trainer.dispose();
  return result;
}

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await prepareBackend({ backend, log: () => {} });
  });

  it('SAMPa with both gradients at once is the sequential one, bit for bit', async () => {
    const trainer = await SampaTrainer.create({
      module,
      optimizer: sampa(base(), { rho: 0.1, lambda: 0.2 }),
    });
    expect(await together(trainer)).toEqual(alone(sampa(base(), { rho: 0.1, lambda: 0.2 })));
  });

  it('SAMPa draws on the worker what this thread would draw', async () => {
    const from = new URL('./dropout-task.mjs', import.meta.url);
    const make = () => sampa(base(), { rho: 0.1, randomSeed: 5 });
    const trainer = await SampaTrainer.create({ module: from, optimizer: make() });
    expect(await together(trainer)).toEqual(alone(make(), (await import(from.href)) as Task));
  });

  it('one thread is training as it is, bit for bit', async () => {
    const expected = alone(gsam(base(), { rho: 0.1 }));
    const one = await DataParallelTrainer.create({
      module,
      optimizer: gsam(base(), { rho: 0.1 }),
      threads: 1,
    });
    expect(await together(one)).toEqual(expected);
  });

  it('a batch in two is the batch, where no layer looks at it whole', async () => {
    const make = () =>
      tf.sequential({
        layers: [
          tf.layers.dense({
            units: 3,
            inputShape: [6],
            kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }),
          }),
        ],
      });
    const [split, whole] = [make(), make()];
    const norms: number[][] = [[], []];
    const report = (at: number) => (step: StepReport) => void norms[at]!.push(step.gradientNorm);
    whole.setWeights(split.getWeights());
    const trainer = await DataParallelTrainer.create({
      model: split,
      loss: 'softmaxCrossEntropy',
      optimizer: gsam(base(), { rho: 0.1, onStep: report(0) }),
      threads: 2,
    });
    const optimizer = gsam(base(), { rho: 0.1, onStep: report(1) });
    const { x, y } = data();
    for (const batch of batches(x, y)) {
      trainer.step(batch).dispose();
      optimizer.minimize(
        () => tf.losses.softmaxCrossEntropy(batch.ys, whole.apply(batch.xs) as tf.Tensor) as tf.Scalar,
        false,
        variablesOf(whole),
      );
    }
    const worst = Math.max(
      ...numbersOf(split)
        .flat()
        .map((value, i) => Math.abs(value - numbersOf(whole).flat()[i]!)),
    );
    // Eight steps of sums of twelve terms, of weights below 2.
    expect(worst).toBeLessThan(2 * STEPS * 12 * 2 ** -23);
    // Reports come some time after their steps.
    await vi.waitFor(() => expect(norms.map(({ length }) => length)).toEqual([STEPS, STEPS]));
    for (const [i, norm] of norms[1]!.entries()) expect(norms[0]![i]).toBeCloseTo(norm, 4);
    await trainer.dispose();
  });

  it('fits like a model: epochs, validation, callbacks, history, and no tensor leaks', async () => {
    const { x, y } = data();
    const trainer = await SampaTrainer.create({ module, optimizer: sampa(base()) });
    const heard: number[] = [];
    const fit = (epochs: number) =>
      trainer.fit(x, y, {
        epochs,
        batchSize: 16,
        validationData: [x, y],
        callbacks: { onEpochEnd: async (epoch: number) => void heard.push(epoch) },
      });
    await fit(1);
    const before = tf.memory().numTensors;
    const { epoch, history } = await fit(3);
    expect(tf.memory().numTensors).toBe(before);
    expect(epoch).toEqual([0, 1, 2]);
    expect(heard).toEqual([0, 0, 1, 2]);
    expect(history.loss!.at(-1)).toBeLessThan(history.loss![0]!);
    expect(history.val_loss).toHaveLength(3);
    await trainer.dispose();
  });

  it('goes on when a worker dies: its step is repeated, bit for bit, and another worker takes its place', async () => {
    const said: string[] = [];
    const trainer = await SampaTrainer.create({
      module: new URL('./mortal-task.mjs', import.meta.url),
      optimizer: sampa(base()),
      deadline: 2_000,
      log: (message) => said.push(message),
    });
    expect(await together(trainer)).toEqual(alone(sampa(base())));
    expect(said[0]).toContain('worker 0 was lost');
  });

  describe('with a perturbation of each thread’s own', () => {
    /** Accumulation over the parts, which is the same on one thread. */
    function accumulated(optimizer: SharpnessAwareOptimizer, threads: number, from = task): number[][] {
      const { x, y } = data();
      const model = from.build();
      const varList = variablesOf(model);
      for (const { xs, ys } of batches(x, y)) {
        const parts = Array.from({ length: threads }, (_, i) => {
          const [at, size] = [(i * 12) / threads, 12 / threads];
          return () => from.loss(model, tf.slice(xs, at, size), tf.slice(ys, at, size));
        });
        if (threads === 1) optimizer.minimize(parts[0]!, false, varList);
        else optimizer.minimizeOver(parts, { varList, sharpness: 'per-micro-batch' });
      }
      const result = trained(model);
      model.dispose();
      return result;
    }
    const trainerOf = (optimizer: SharpnessAwareOptimizer, threads: number, from = module) =>
      DataParallelTrainer.create({
        module: from,
        optimizer,
        threads,
        sharpness: 'per-worker',
        log: () => {},
      });

    it.each(backend === 'wasm' ? Object.keys(rules) : ['sam'])(
      '%s: is accumulation over the parts, bit for bit',
      async (name) => {
        const rule = rules[name as keyof typeof rules];
        for (const threads of name === 'sam' && backend === 'wasm' ? [1, 2, 3] : [2]) {
          const trainer = await trainerOf(rule(base()), threads);
          const { x, y } = data();
          for (const batch of batches(x, y)) trainer.step(batch).dispose();
          expect(trained(trainer.model), `${threads} threads`).toEqual(accumulated(rule(base()), threads));
          await trainer.dispose();
        }
      },
    );

    it.runIf(backend === 'wasm').each(Object.keys(choosing) as (keyof typeof choosing)[])(
      '%s: chooses each part’s examples, bit for bit',
      async (name) => {
        const make = () => choosing[name](base(), { rho: 0.1 });
        const trainer = await trainerOf(make(), 2, examples);
        const { x, y } = data();
        for (const batch of batches(x, y)) trainer.step(batch).dispose();
        const expected = accumulated(make(), 2, (await import(examples.href)) as Task);
        expect(trained(trainer.model)).toEqual(expected);
        await trainer.dispose();
      },
    );

    it('draws on workers what this thread would draw', async () => {
      const from = new URL('./dropout-task.mjs', import.meta.url);
      const seeded = () => rules.sam(base(), { randomSeed: 5 });
      const trainer = await trainerOf(seeded(), 2, from);
      const { x, y } = data();
      for (const batch of batches(x, y)) trainer.step(batch).dispose();
      const expected = accumulated(seeded(), 2, (await import(from.href)) as Task);
      expect(trained(trainer.model)).toEqual(expected);
      await trainer.dispose();
    });

    it('weighs parts by their sizes, leaks nothing, and lives on after a step that fails', async () => {
      const trainer = await trainerOf(gsam(base(), { rho: 0.1 }), 2);
      const { x, y } = data();
      const odd = { xs: tf.slice(x, 0, 5), ys: tf.slice(y, 0, 5) };
      trainer.step(odd).dispose();
      const { numTensors } = tf.memory();
      trainer.step(odd).dispose();
      expect(tf.memory().numTensors).toBe(numTensors);
      const before = trained(trainer.model);
      expect(() => trainer.step({ xs: tf.ones([12, 5]), ys: odd.ys })).toThrow();
      expect(trained(trainer.model)).toEqual(before);
      trainer.step(odd).dispose();
      await trainer.dispose();

      // Plain descent of the weighted mean is descent of the whole batch.
      const losses = await Promise.all(
        [1, 2].map(async (threads) => {
          const descent = await trainerOf(rules.sam(base(), { rho: 0 }), threads, plain);
          descent.step(odd).dispose();
          const weights = trained(descent.model).flat();
          await descent.dispose();
          return weights;
        }),
      );
      for (const [i, weight] of losses[0]!.entries()) expect(losses[1]![i]).toBeCloseTo(weight, 6);
    });

    it('repeats what a lost worker was asked for', async () => {
      const from = new URL('./mortal-task.mjs', import.meta.url);
      const said: string[] = [];
      const trainer = await DataParallelTrainer.create({
        module: from,
        optimizer: rules.sam(base()),
        sharpness: 'per-worker',
        deadline: 2_000,
        log: (message) => said.push(message),
      });
      const { x, y } = data();
      for (const batch of batches(x, y)) trainer.step(batch).dispose();
      expect(trained(trainer.model)).toEqual(accumulated(rules.sam(base()), 2));
      expect(said[0]).toContain('worker 0 was lost');
      await trainer.dispose();
    });

    it('refuses rules that move the weights between evaluations', async () => {
      await expect(trainerOf(sampa(base()), 2)).rejects.toThrow('evaluates after the update');
      await expect(
        DataParallelTrainer.create({ module, optimizer: gsam(base()), sharpness: 'own' as never }),
      ).rejects.toThrow('expected sharpness to be one of [global, per-worker], got "own"');
      const trainer = await trainerOf(lookbehind(base()), 2);
      const { x, y } = data();
      expect(() => trainer.step({ xs: x, ys: y })).toThrow('moves the weights itself');
      await trainer.dispose();
    });
  });

  const few = backend === 'wasm' ? (Object.keys(choosing) as (keyof typeof choosing)[]) : (['esam'] as const);
  it.each(few)('%s: examples are chosen among those of the whole batch', async (name) => {
    const { build, loss } = (await import(examples.href)) as Task;
    const make = () => choosing[name](base(), { rho: 0.1 });
    const model = build();
    const optimizer = make();
    const { x, y } = data();
    // Parts of three and of four examples.
    const odd = batches(x, y).map(({ xs, ys }) => ({ xs: tf.slice(xs, 0, 7), ys: tf.slice(ys, 0, 7) }));
    for (const { xs, ys } of odd) optimizer.minimize(() => loss(model, xs, ys), false, variablesOf(model));
    const trainers = [
      await DataParallelTrainer.create({ module: examples, optimizer: make() }),
      await DataParallelTrainer.create({ model: build(), loss: 'softmaxCrossEntropy', optimizer: make() }),
    ];
    for (const trainer of trainers) {
      trainer.step(odd[0]!).dispose();
      const { numTensors } = tf.memory();
      for (const batch of odd.slice(1)) trainer.step(batch).dispose();
      expect(tf.memory().numTensors).toBe(numTensors);
      const weights = trained(trainer.model).flat();
      for (const [i, weight] of trained(model).flat().entries()) expect(weights[i]).toBeCloseTo(weight, 5);
      await trainer.dispose();
    }
  });

  it('says what rules that choose examples need', async () => {
    const { x, y } = data();
    for (const name of Object.keys(choosing) as (keyof typeof choosing)[]) {
      const trainer = await DataParallelTrainer.create({ module: plain, optimizer: choosing[name](base()) });
      expect(() => trainer.step({ xs: x, ys: y })).toThrow(
        /^(esam|k-sam|rw-sam|focal-sam): expected the losses of the examples, got their mean alone/,
      );
      await trainer.dispose();
    }
  });

  it('climbs on workers the objective that it climbs here', async () => {
    const from = new URL('./two-objectives-task.mjs', import.meta.url);
    const { build, loss } = (await import(from.href)) as Task;
    const make = () => bisam(base(), { rho: 0.1 });
    const trainer = await DataParallelTrainer.create({ module: from, optimizer: make() });
    const { x, y } = data();
    for (const batch of batches(x, y)) trainer.step(batch).dispose();
    const [model, optimizer] = [build(), make()];
    for (const { xs, ys } of batches(x, y))
      optimizer.minimize(() => loss(model, xs, ys), false, variablesOf(model));
    const [split, whole] = [trained(trainer.model).flat(), trained(model).flat()];
    for (const [i, weight] of whole.entries()) expect(split[i]).toBeCloseTo(weight, 5);
    await trainer.dispose();
  });

  const sharing = {
    SAMPa: (options: Partial<DataParallelOptions>) =>
      SampaTrainer.create({ optimizer: sampa(base(), { rho: 0.1 }), ...options }),
    global: (options: Partial<DataParallelOptions>) =>
      DataParallelTrainer.create({ optimizer: gsam(base(), { rho: 0.1 }), ...options }),
    'per-worker': (options: Partial<DataParallelOptions>) =>
      DataParallelTrainer.create({
        ...{ optimizer: gsam(base(), { rho: 0.1 }), sharpness: 'per-worker', ...options },
      }),
  };
  it.runIf(backend === 'wasm').each(Object.keys(sharing) as (keyof typeof sharing)[])(
    '%s beside a busy neighbour: this thread does the workers’ part, in the same bits, says so, and shares again later',
    async (name) => {
      const { x, y } = data();
      const batch = { xs: tf.slice(x, 0, 12), ys: tf.slice(y, 0, 12) };
      const take = (trainer: ParallelTrainer, steps: number) =>
        Array.from({ length: steps }, () => {
          const cost = trainer.step(batch);
          const value = cost.dataSync()[0];
          cost.dispose();
          return value;
        });
      const said: string[] = [];
      // A worker's part of a step is one evaluation, or two.
      const busy = new URL(`./unequal-task.mjs?busy=${name === 'SAMPa' ? 9 : 14}`, import.meta.url);
      const trainer = await sharing[name]({ module: busy, log: (message) => said.push(message) });
      const quick = await sharing[name]({ module, fallback: false });
      expect(take(trainer, 13)).toEqual(take(quick, 13));
      expect([trainer.alone, quick.alone]).toEqual([true, false]);
      const { numTensors } = tf.memory();
      expect(take(trainer, 3)).toEqual(take(quick, 3));
      expect(tf.memory().numTensors).toBe(numTensors);
      expect(take(trainer, 40)).toEqual(take(quick, 40));
      expect(trained(trainer.model)).toEqual(trained(quick.model));
      expect(trainer.alone).toBe(false);
      expect(said).toEqual([expect.stringContaining('This thread does their part')]);
      await Promise.all([trainer.dispose(), quick.dispose()]);
    },
    60_000,
  );

  it('says what a worker’s loss threw', async () => {
    const trainer = await DataParallelTrainer.create({ module, optimizer: gsam(base()), threads: 2 });
    const wrong = { xs: tf.ones([12, 5]), ys: tf.ones([12, 3]) };
    expect(() => trainer.step(wrong)).toThrow();
    await trainer.dispose();
  });

  it('refuses what it cannot do', async () => {
    await expect(SampaTrainer.create({ module, optimizer: gsam(base()) })).rejects.toThrow('made by sampa()');
    await expect(DataParallelTrainer.create({ module, optimizer: gsam(base()), threads: 0 })).rejects.toThrow(
      'threads',
    );
    await expect(DataParallelTrainer.create({ optimizer: gsam(base()) } as never)).rejects.toThrow(
      'expected a module',
    );
  });
});
