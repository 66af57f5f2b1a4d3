import * as tf from '@tensorflow/tfjs';
import type { MeanLoss } from './loss.js';
import type { ParallelTrainer } from './trainer.js';

/** Options of `fit`; those of `model.fit` by name and meaning. */
export interface FitOptions {
  /** Times over all examples, an integer >= 1. Default 1. */
  readonly epochs?: number | undefined;
  /** Examples in a step, an integer >= 1. Default 32. */
  readonly batchSize?: number | undefined;
  /** Gives each epoch a random order. Default true. */
  readonly shuffle?: boolean | undefined;
  /** Names the orders: equal seeds give equal orders. Default 0. */
  readonly seed?: number | undefined;
  /** Inputs and labels to evaluate the loss on after each epoch: `val_loss` in the history. Default none. */
  readonly validationData?: readonly [xs: tf.Tensor, ys: tf.Tensor] | undefined;
  /** Hear of the training, as those of `model.fit`. */
  readonly callbacks?:
    | tf.CustomCallbackArgs
    | tf.Callback
    | readonly (tf.CustomCallbackArgs | tf.Callback)[]
    | undefined;
}

/** The history of a training, as `model.fit` tells it. */
export interface TrainingHistory {
  /** Numbers of the epochs, from 0. */
  readonly epoch: number[];
  /** One number per epoch, by name: `loss` and, with validation data, `val_loss`. */
  readonly history: Record<string, number[]>;
}

type Hook = 'onTrainBegin' | 'onTrainEnd' | 'onEpochBegin' | 'onEpochEnd' | 'onBatchBegin' | 'onBatchEnd';
type Listener = Partial<Record<Hook, (...args: unknown[]) => unknown>> & { setModel?(model: unknown): void };

/** Trains a trainer's model over epochs. */
export async function fit(
  trainer: ParallelTrainer,
  loss: MeanLoss,
  xs: tf.Tensor,
  ys: tf.Tensor,
  { epochs = 1, batchSize = 32, shuffle = true, seed = 0, validationData, callbacks = [] }: FitOptions,
): Promise<TrainingHistory> {
  for (const [name, value] of Object.entries({ epochs, batchSize }))
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`fit: expected ${name} to be an integer >= 1, got ${value}`);
  const count = xs.shape[0]!;
  if (ys.shape[0] !== count)
    throw new RangeError(`fit: expected as many labels as inputs, got ${ys.shape[0]} and ${count}`);
  const listeners = [callbacks].flat() as Listener[];
  const tell = async (hook: Hook, ...args: unknown[]) => {
    for (const listener of listeners) await listener[hook]?.(...args);
  };
  const { model } = trainer;
  for (const listener of listeners) listener.setModel?.(model);
  const told: TrainingHistory = { epoch: [], history: {} };
  // A model that is not compiled has no such property: its callbacks cannot stop it.
  const stoppable = model.optimizer !== undefined;
  if (stoppable) model.stopTraining = false;
  await tell('onTrainBegin', {});
  for (let epoch = 0; epoch < epochs && !(stoppable && model.stopTraining); epoch++) {
    await tell('onEpochBegin', epoch, {});
    const order = shuffle ? shuffled(count, seed, epoch) : Int32Array.from({ length: count }, (_, i) => i);
    const logs: Record<string, number> = { loss: await trainEpoch(trainer, xs, ys, order, batchSize, tell) };
    if (validationData) logs.val_loss = await evaluated(loss, model, validationData, batchSize);
    told.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs))
      told.history[name] = [...(told.history[name] ?? []), value];
    await tell('onEpochEnd', epoch, logs);
  }
  await tell('onTrainEnd', {});
  return told;
}

async function trainEpoch(
  trainer: ParallelTrainer,
  xs: tf.Tensor,
  ys: tf.Tensor,
  order: Int32Array,
  batchSize: number,
  tell: (hook: Hook, ...args: unknown[]) => Promise<void>,
): Promise<number> {
  let total = 0;
  for (let at = 0; at < order.length; at += batchSize) {
    const chosen = order.slice(at, at + batchSize);
    await tell('onBatchBegin', at / batchSize, { size: chosen.length });
    const batch = tf.tidy(() => {
      const indices = tf.tensor1d(chosen, 'int32');
      return { xs: tf.gather(xs, indices), ys: tf.gather(ys, indices) };
    });
    const cost = trainer.step(batch, at + batchSize >= order.length);
    const [value] = await cost.data();
    tf.dispose([batch.xs, batch.ys, cost]);
    total += value! * chosen.length;
    await tell('onBatchEnd', at / batchSize, { size: chosen.length, loss: value! });
  }
  return total / order.length;
}

/** The mean loss of a data set, batch by batch. */
async function evaluated(
  loss: MeanLoss,
  model: tf.LayersModel,
  [xs, ys]: readonly [tf.Tensor, tf.Tensor],
  batchSize: number,
): Promise<number> {
  const count = xs.shape[0]!;
  let total = 0;
  for (let at = 0; at < count; at += batchSize) {
    const size = Math.min(batchSize, count - at);
    const value = tf.tidy(() => loss(model, tf.slice(xs, at, size), tf.slice(ys, at, size), false));
    total += (await value.data())[0]! * size;
    value.dispose();
  }
  return total / count;
}

/** 0 … count − 1 in the random order of a seed's epoch (mulberry32, Fisher and Yates). */
function shuffled(count: number, seed: number, epoch: number): Int32Array {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(epoch + 1, 0x85ebca6b)) >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 0x100000000;
  };
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
