import type { LayersModel } from '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs';
import { SharpnessAwareOptimizer } from '@tfjs-sam/core';
import { type FitOptions, fit, type TrainingHistory } from './fit.js';
import type { Batch } from './gradient-worker.js';
import { type BatchLoss, type MeanLoss, meanLoss, namedLoss } from './loss.js';
import { Pace } from './pace.js';
import { WorkerPool } from './pool.js';
import type { LossName, ModelSource } from './protocol.js';
import { isHostBackend } from './tensors.js';

/** Options of a parallel trainer. */
export interface TrainerOptions {
  /**
   * A module for every thread: it exports `build()`, which makes the model, and `loss(model, xs, ys)`, the Scalar to
   * minimise or, for rules that choose or weigh examples, one value per example, [batch]. Else `model` and `loss`.
   */
  readonly module?: URL | string | undefined;
  /** The model to train, where it is made of TensorFlow.js's own layers: threads make theirs from its topology. */
  readonly model?: LayersModel | undefined;
  /** The loss of `model`: 'categoricalCrossentropy', …, or 'softmaxCrossEntropy' for one that ends in logits. */
  readonly loss?: LossName | undefined;
  /** The optimizer; it is disposed by its owner. */
  readonly optimizer: SharpnessAwareOptimizer;
  /** Milliseconds in which a worker must answer before it counts as lost. Default 30,000. */
  readonly deadline?: number | undefined;
  /** Keeps wasm to plain SIMD in the threads, as `prepareBackend({ deterministic })` here. Default false. */
  readonly deterministic?: boolean | undefined;
  /**
   * Lets this thread do the workers' part while that is the faster way, beside a busy neighbour or with a small model; they are
   * tried again now and then. The result has the same bits. Default true.
   */
  readonly fallback?: boolean | undefined;
  /** Hears when a worker is lost and replaced, and when they rest for the first time. Default `console.warn`. */
  readonly log?: ((message: string) => void) | undefined;
}

/** The common part of trainers: a model on this thread, a pool of workers with the same, and a loop like `model.fit`. */
export abstract class ParallelTrainer {
  /** The model that is trained, on this thread. */
  readonly model: LayersModel;
  /** The optimizer, on this thread. */
  readonly optimizer: SharpnessAwareOptimizer;
  protected readonly task: Task;
  /** Undefined where the workers always do their part. */
  readonly #pace: Pace | undefined;
  readonly #log: (message: string) => void;
  #told = false;
  /** Things that the module or the caller made, and this trainer therefore disposes. */
  readonly #ownsModel: boolean;

  protected constructor({ owns, ...task }: Prepared, options: TrainerOptions) {
    const { optimizer, fallback = true, log = console.warn } = options;
    this.model = task.model;
    this.task = task;
    this.optimizer = optimizer;
    this.#ownsModel = owns;
    this.#pace = fallback ? new Pace() : undefined;
    this.#log = log;
  }

  /** True while the workers rest and this thread does their part, which is the faster way now: see `fallback`. */
  get alone(): boolean {
    return this.#pace?.rests ?? false;
  }

  /** The variables, in the order in which threads exchange them. */
  protected get variables(): tf.Variable[] {
    return variablesOf(this.model);
  }

  /**
   * One step over a batch.
   *
   * @param batch - Inputs and labels, whose first axis is the examples'. The caller disposes them.
   * @param last - Whether no step follows soon: then nothing is left in flight.
   * @returns The loss; the caller disposes it.
   */
  step(batch: Batch, last = false): tf.Scalar {
    this.task.pool.resting = !(this.#pace?.shares ?? true);
    const begun = performance.now();
    const { cost, asked } = this.run(batch, last);
    // Steps differ in their evaluations and their examples.
    if (asked > 0) this.#learn((performance.now() - begun) / (asked * batch.xs.shape[0]!));
    return cost;
  }

  /** The step, with whatever workers do not rest. */
  protected abstract run(batch: Batch, last: boolean): Taken;

  #learn(time: number): void {
    if (!this.#pace?.learn(time) || !this.#pace.rests || this.#told) return;
    this.#told = true;
    this.#log(
      'parallel: with workers steps take longer than on this thread alone: their cores are busy, or the model is small. ' +
        'This thread does their part, and tries them again now and then.',
    );
  }

  /**
   * Trains as `model.fit` does: epochs, shuffling, validation, callbacks.
   *
   * @throws RangeError or TypeError for options out of range; whatever the loss throws, on whichever thread.
   */
  fit(xs: tf.Tensor, ys: tf.Tensor, options: FitOptions = {}): Promise<TrainingHistory> {
    return fit(this, this.task.loss, xs, ys, options);
  }

  /** Ends the threads. The model of a module is disposed; a model or optimizer that was given stays its owner's. */
  async dispose(): Promise<void> {
    await this.task.pool.close();
    if (this.#ownsModel) this.model.dispose();
  }
}

/** A model with its loss, and workers that have the same. */
export interface Task {
  readonly model: LayersModel;
  readonly loss: MeanLoss;
  readonly pool: WorkerPool;
}

/** A step that was taken: its loss, and how many evaluations were for workers. */
export interface Taken {
  readonly cost: tf.Scalar;
  readonly asked: number;
}

/** A task, and whether the trainer owns the model. */
export interface Prepared extends Task {
  readonly owns: boolean;
}

/** The variables of a model that training moves. */
export const variablesOf = (model: LayersModel): tf.Variable[] =>
  model.trainableWeights.map((weight) => weight.read() as tf.Variable);

/** Makes model, loss and workers. @throws TypeError or RangeError for options that do not fit; Error when a thread does not start. */
export async function prepare(owner: string, options: TrainerOptions, workers: number): Promise<Prepared> {
  const { optimizer, deadline = 30_000, deterministic = false, log = console.warn } = options;
  if (!(optimizer instanceof SharpnessAwareOptimizer))
    throw new TypeError(`${owner}: expected optimizer to be a sharpness-aware optimizer, got ${optimizer}`);
  const backend = tf.getBackend();
  if (!isHostBackend(backend))
    throw new Error(
      `${owner}: expected the wasm or cpu backend, got "${backend}": threads exchange values in this machine's memory. Call prepareBackend('wasm').`,
    );
  const { model, loss, source, owns } = await loaded(owner, options);
  const sizes = variablesOf(model).map(({ size }) => size);
  const pool = await WorkerPool.create({
    model: source,
    backend,
    deterministic,
    sizes,
    workers,
    deadline,
    log,
  });
  return { model, loss, pool, owns };
}

async function loaded(owner: string, { module, model, loss }: TrainerOptions) {
  if (module !== undefined) {
    const specifier = String(module);
    const { build, loss: own } = (await import(specifier)) as { build?: () => LayersModel; loss?: BatchLoss };
    if (typeof build !== 'function' || typeof own !== 'function')
      throw new TypeError(`${owner}: expected ${specifier} to export functions build and loss`);
    return {
      model: await build(),
      loss: meanLoss(own),
      source: { module: specifier } satisfies ModelSource,
      owns: true,
    };
  }
  if (model === undefined || loss === undefined)
    throw new TypeError(`${owner}: expected a module, or a model and the name of its loss`);
  const topology = JSON.stringify(model.toJSON(null, false));
  return { model, loss: namedLoss(tf, loss), source: { topology, loss } satisfies ModelSource, owns: false };
}
