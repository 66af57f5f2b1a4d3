import type * as tf from '@tensorflow/tfjs-core';
import {
  type Answer,
  type Batch,
  GradientWorker,
  WorkerLost,
  type WorkerOptions,
} from './gradient-worker.js';
import type { Manner } from './protocol.js';

/** Options of a pool. */
export interface PoolOptions extends WorkerOptions {
  /** Threads beside the one that asks. */
  readonly workers: number;
  /** Milliseconds in which a worker must answer. */
  readonly deadline: number;
  /** Hears of a worker that was lost and replaced. */
  readonly log: (message: string) => void;
}

/** Workers that answer with gradients; one that is lost is replaced, and its work handed back. */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #workers: (GradientWorker | undefined)[] = [];
  readonly #lost = new Set<Promise<unknown>>();
  /** Where it is set no worker is asked: their work is handed back. */
  resting = false;
  #closed = false;

  private constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** A pool whose workers are ready. @throws Error when one does not start. */
  static async create(options: PoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    const started = Array.from({ length: options.workers }, () => new GradientWorker(options));
    try {
      await Promise.all(started.map((worker) => worker.ready()));
    } catch (error) {
      await Promise.all(started.map((worker) => worker.close()));
      throw error;
    }
    pool.#workers.push(...started);
    return pool;
  }

  /** Hands a batch to a worker. @returns Whether there is one: while they rest, or it is being replaced, there is none. */
  ask(index: number, weights: readonly tf.Tensor[], batch: Batch, manner: Manner): boolean {
    this.#settle(index);
    if (this.resting) return false;
    const worker = this.#workers[index];
    if (worker && !worker.alive) this.#replace(index);
    this.#workers[index]?.ask(weights, batch, manner);
    return this.#workers[index] !== undefined;
  }

  /** Waits for a worker whose answer is of a step that failed meanwhile, and forgets it. */
  #settle(index: number): void {
    if (!this.#workers[index]?.busy) return;
    try {
      this.wait(index);
    } catch {
      // Nobody asks any more what its loss threw.
    }
  }

  /** The answer of a worker; undefined where it was lost or not asked, and the asking thread has to do the work. */
  wait(index: number): Answer | undefined {
    const worker = this.#workers[index];
    try {
      return worker?.busy ? worker.wait(this.#options.deadline) : undefined;
    } catch (error) {
      if (!(error instanceof WorkerLost)) throw error;
      this.#replace(index);
      return undefined;
    }
  }

  /** The thread starts while the training goes on; until then its part is done by the one that asks. */
  #replace(index: number): void {
    const old = this.#workers[index];
    this.#workers[index] = undefined;
    this.#options.log(`parallel: worker ${index} was lost; another one takes its place`);
    const next = new GradientWorker(this.#options);
    const started = Promise.resolve(old?.close())
      .then(() => next.ready())
      .then(
        () => {
          if (this.#closed) return next.close();
          this.#workers[index] = next;
          return undefined;
        },
        (error) =>
          this.#options.log(
            `parallel: no worker could take the place of ${index}: ${error.message}. The training goes on without it.`,
          ),
      )
      .finally(() => this.#lost.delete(started));
    this.#lost.add(started);
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#workers.map((worker) => worker?.close()), ...this.#lost]);
    this.#workers.length = 0;
  }
}
