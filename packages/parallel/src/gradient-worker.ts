import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type * as tf from '@tensorflow/tfjs-core';
import { look } from './look.js';
import {
  END,
  lossPlace,
  type Manner,
  type ModelSource,
  Slot,
  type Task,
  type WorkerSetup,
} from './protocol.js';
import { packed, valuesOf } from './tensors.js';

/** A batch on the thread that asks. */
export interface Batch {
  readonly xs: tf.Tensor;
  readonly ys: tf.Tensor;
}

/** Options of a worker. */
export interface WorkerOptions {
  readonly model: ModelSource;
  readonly backend: string;
  readonly deterministic: boolean;
  readonly sizes: readonly number[];
}

/** The answer of a worker. */
export interface Answer {
  readonly loss: number;
  readonly gradient: readonly Float32Array[];
  /** Losses of the examples, where the loss tells them. */
  readonly losses: Float32Array | undefined;
}

/** A worker did not answer: it died, or hangs. */
export class WorkerLost extends Error {}

/** Milliseconds in which this thread looks for an answer before it sleeps. */
const SPIN = 5;

/** True where this module runs from its sources: threads then run from what is built of them. */
const fromSources = import.meta.url.endsWith('.ts');
const program = new URL(fromSources ? '../dist/worker.js' : './worker.js', import.meta.url);

/** A thread with a model of its own, which answers one request at a time. */
export class GradientWorker {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  readonly #weights: Float32Array;
  readonly #gradient: Float32Array;
  /** Where each variable's gradient stands. */
  readonly #gradients: Float32Array[];
  /** Losses of the examples of the last answer. */
  #losses: Float32Array = new Float32Array(0);
  #asked = 0;
  #waitedFor = 0;
  /** The batch that the thread has. */
  #batch: Batch | undefined;
  #alive = true;

  /** Starts a thread. @throws Error, from `ready`, when its backend or model does not start. */
  constructor({ model, backend, deterministic, sizes }: WorkerOptions) {
    const total = lossPlace(sizes);
    const shared = (count: number) => new SharedArrayBuffer(4 * count);
    const setup: WorkerSetup = {
      model,
      backend,
      deterministic,
      sizes,
      control: shared(Slot.count),
      weights: shared(total),
      gradient: shared(total + 1),
    };
    this.#control = new Int32Array(setup.control);
    this.#weights = new Float32Array(setup.weights);
    this.#gradient = new Float32Array(setup.gradient);
    this.#gradients = sizes.map((size, i) => {
      const from = lossPlace(sizes.slice(0, i));
      return this.#gradient.subarray(from, from + size);
    });
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(program, {
      workerData: { ...setup, port: port2 },
      transferList: [port2],
      ...(fromSources && { execArgv: [] }),
    });
    // A training that has ended, or failed, is not held up by its workers.
    this.#worker.unref();
    port1.unref();
    const lost = () => {
      this.#alive = false;
    };
    this.#worker.once('exit', lost);
    this.#worker.on('error', lost);
  }

  /** True of a thread that has neither ended nor failed, as far as events have told. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Resolves when the thread has its backend and its model. */
  ready(): Promise<void> {
    this.#worker.ref();
    return new Promise<void>((resolve, reject) => {
      this.#worker.once('message', () => resolve());
      this.#worker.once('error', reject);
      this.#worker.once('exit', (code) =>
        reject(new WorkerLost(`parallel: a worker ended with code ${code}`)),
      );
    }).finally(() => this.#worker.unref());
  }

  /** True of a thread whose last answer nobody has waited for. */
  get busy(): boolean {
    return this.#waitedFor < this.#asked;
  }

  /** Hands over weights and a batch; the answer is fetched by `wait`. It may not be busy. */
  ask(weights: readonly tf.Tensor[], batch: Batch, manner: Manner): void {
    let at = 0;
    for (const tensor of weights) {
      this.#weights.set(valuesOf(tensor), at);
      at += tensor.size;
    }
    const sent = batch === this.#batch ? undefined : { xs: packed(batch.xs), ys: packed(batch.ys) };
    this.#batch = batch;
    const count = batch.xs.shape[0]!;
    const room = count > this.#losses.length ? new SharedArrayBuffer(4 * count) : undefined;
    if (room) this.#losses = new Float32Array(room);
    const task: Task = { ...manner, batch: sent, room };
    this.#port.postMessage(task, sent && [sent.xs.values.buffer, sent.ys.values.buffer]);
    this.#asked += 1;
    Atomics.store(this.#control, Slot.asked, this.#asked);
    Atomics.notify(this.#control, Slot.asked);
  }

  /**
   * Waits for the answer to the last request.
   *
   * @param deadline - Milliseconds after which the worker counts as lost.
   * @returns The loss, the gradient of each variable and, where they were told, the losses of the examples: views, valid until
   *   the next request.
   * @throws WorkerLost after the deadline; Error with the worker's own message when its loss threw.
   */
  wait(deadline: number): Answer {
    this.#waitedFor = this.#asked;
    const until = performance.now() + deadline;
    // The other thread is about as far as this one: looking is faster than being woken.
    look(() => this.#answered, SPIN);
    while (!this.#answered) {
      const left = until - performance.now();
      if (left <= 0) throw new WorkerLost(`parallel: a worker did not answer within ${deadline} ms`);
      Atomics.wait(this.#control, Slot.answered, this.#asked - 1, Math.min(left, 200));
    }
    if (Atomics.load(this.#control, Slot.failed) === 1) {
      const { message } = (receiveMessageOnPort(this.#port) ?? {}) as { message?: { failed: string } };
      throw new Error(`parallel: a worker's loss threw: ${message?.failed ?? 'no message'}`);
    }
    const told = Atomics.load(this.#control, Slot.told);
    return {
      loss: this.#gradient.at(-1)!,
      gradient: this.#gradients,
      losses: told > 0 ? this.#losses.subarray(0, told) : undefined,
    };
  }

  get #answered(): boolean {
    return Atomics.load(this.#control, Slot.answered) === this.#asked;
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    Atomics.store(this.#control, Slot.asked, END);
    Atomics.notify(this.#control, Slot.asked);
    this.#port.close();
    await this.#worker.terminate();
  }
}
