import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { type SharpnessAwareOptimizer, sgd } from '@tfjs-sam/core';
import { DataParallelTrainer, type ParallelTrainer, SampaTrainer } from '@tfjs-sam/parallel';
import { beforeAll, describe, expect, it } from 'vitest';

const module = new URL('./task.mjs', import.meta.url);
type Task = { build(): tf.LayersModel; loss(model: tf.LayersModel, xs: tf.Tensor, ys: tf.Tensor): tf.Scalar };
const task = (await import(module.href)) as Task;
const { sampa } = await import('../../sampa/src/index.js');
const { gsam } = await import('../../gsam/src/index.js');

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
const numbersOf = (model: tf.LayersModel) => model.getWeights().map((weight) => [...weight.dataSync()]);
const batches = (x: tf.Tensor, y: tf.Tensor) =>
  Array.from({ length: STEPS }, (_, i) => ({ xs: tf.slice(x, i * 12, 12), ys: tf.slice(y, i * 12, 12) }));

/** What training without threads ends with. */
function alone(optimizer: SharpnessAwareOptimizer): number[][] {
  const { x, y } = data();
  const model = task.build();
  for (const { xs, ys } of batches(x, y))
    optimizer.minimize(
      () => task.loss(model, xs, ys),
      false,
      model.trainableWeights.map((weight) => weight.read() as tf.Variable),
    );
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
    whole.setWeights(split.getWeights());
    const trainer = await DataParallelTrainer.create({
      model: split,
      loss: 'softmaxCrossEntropy',
      optimizer: gsam(base(), { rho: 0.1 }),
      threads: 2,
    });
    const optimizer = gsam(base(), { rho: 0.1 });
    const { x, y } = data();
    for (const batch of batches(x, y)) {
      trainer.step(batch).dispose();
      optimizer.minimize(
        () => tf.losses.softmaxCrossEntropy(batch.ys, whole.apply(batch.xs) as tf.Tensor) as tf.Scalar,
        false,
        whole.trainableWeights.map((weight) => weight.read() as tf.Variable),
      );
    }
    const worst = Math.max(
      ...numbersOf(split)
        .flat()
        .map((value, i) => Math.abs(value - numbersOf(whole).flat()[i]!)),
    );
    // Eight steps of sums of twelve terms, of weights below 2.
    expect(worst).toBeLessThan(2 * STEPS * 12 * 2 ** -23);
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
