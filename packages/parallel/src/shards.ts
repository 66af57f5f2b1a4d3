import * as tf from '@tensorflow/tfjs-core';
import type { Evaluation, ExampleScope, ParamVector } from '@tfjs-sam/core';
import type { Batch } from './gradient-worker.js';
import { atWeights } from './here.js';
import type { Manner } from './protocol.js';
import { received } from './tensors.js';
import type { Task } from './trainer.js';

/** A question to another thread: kept until it is answered, since the thread may be lost. */
interface Question {
  readonly weights: ParamVector;
  readonly manner: Manner;
}

/** A batch in parts: the first is this thread's, each other one that of a worker. */
export class Shards {
  readonly parts: readonly Batch[];
  /** Each part's share of the examples; their sum is 1. */
  readonly shares: readonly number[];
  /** The number of questions so far. */
  asked = 0;
  readonly #task: Task;
  readonly #questions = new Map<number, Question>();

  constructor(task: Task, batch: Batch, threads: number) {
    this.#task = task;
    this.parts = split(batch, threads);
    const total = batch.xs.shape[0]!;
    this.shares = this.parts.map(({ xs }) => xs.shape[0]! / total);
  }

  /** Each part's examples, weighed so that the shares add up to the weighted mean. @throws RangeError for weights of another number. */
  weighed(weights: tf.Tensor1D): ExampleScope[] {
    const sizes = this.parts.map(({ xs }) => xs.shape[0]!);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (weights.size !== total)
      throw new RangeError(
        `evaluate: expected one weight for each of ${total} examples, got ${weights.size}`,
      );
    const sum = tf.sum(weights);
    return tf.split(weights, sizes).map((part, i) => ({
      weights: part as tf.Tensor1D,
      factor: tf.divNoNan(1, tf.mul(this.shares[i]!, sum)) as tf.Scalar,
    }));
  }

  /** The loss of a part, on this thread. */
  lossOf(part: number): tf.Scalar {
    const { xs, ys } = this.parts[part]!;
    return this.#task.loss(this.#task.model, xs, ys);
  }

  /** Asks a part's worker. The weights live until it has answered. */
  ask(part: number, weights: ParamVector, manner: Manner): void {
    this.asked += 1;
    this.#questions.set(part, { weights, manner });
    this.#task.pool.ask(part - 1, weights, this.parts[part]!, manner);
  }

  /** The answer for a part, from its worker, or from this thread where that was lost or rests. */
  answer(part: number): Evaluation {
    const { weights, manner } = this.#questions.get(part)!;
    this.#questions.delete(part);
    const answer = this.#task.pool.wait(part - 1);
    if (!answer) return atWeights(this.#task.model, weights, manner, () => this.lossOf(part));
    const { loss, gradient, losses } = answer;
    return {
      loss: tf.scalar(loss),
      gradient: manner.valueOnly ? [] : gradient.map((values, i) => received(values, weights[i]!.shape)),
      ...(losses && { losses: received(losses, [losses.length]) as tf.Tensor1D }),
    };
  }

  dispose(): void {
    for (const { xs, ys } of this.parts) tf.dispose([xs, ys]);
  }
}

/** A batch in as many parts as there are threads, or examples; sizes differ by one at most. */
function split({ xs, ys }: Batch, threads: number): Batch[] {
  const count = xs.shape[0]!;
  const parts = Math.min(threads, count);
  return Array.from({ length: parts }, (_, i) => {
    const from = Math.floor((i * count) / parts);
    const size = Math.floor(((i + 1) * count) / parts) - from;
    return { xs: tf.slice(xs, from, size), ys: tf.slice(ys, from, size) };
  });
}
