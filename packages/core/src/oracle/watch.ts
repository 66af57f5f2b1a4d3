import * as tf from '@tensorflow/tfjs-core';
import { fingerprint } from '../engine/fingerprint.js';
import type { Objective } from './objective.js';

/** A fault of a loss, found out in the first step that evaluates it twice. */
export type Suspicion = 'differs' | 'objective';

interface Seen {
  readonly objective: Objective;
  readonly print: string;
}

/**
 * Compares what a loss computes in its first two evaluations, at no evaluation more: another batch, or one computation for
 * two objectives, shows in the operations and their data.
 */
export class LossWatch {
  #done: boolean;
  #first = new Map<number, Seen>();
  /** The faults that were found; empty where all is well. */
  readonly suspicions = new Set<Suspicion>();

  /** @param enabled - Whether to look at all. */
  constructor(enabled: boolean) {
    this.#done = !enabled;
  }

  /** Runs an evaluation of micro-batch `part`. */
  around<T>(part: number, objective: Objective, loss: () => T): T {
    if (this.#done) return loss();
    const { result, print } = fingerprint(loss);
    const first = this.#first.get(part);
    if (first === undefined) this.#first.set(part, { objective, print });
    else if (first.objective === objective) {
      if (first.print !== print) this.suspicions.add('differs');
    } else if (first.print === print) this.suspicions.add('objective');
    return result;
  }

  /** The step is over: one that evaluated twice has shown what there is to see. */
  end(evaluations: number): void {
    if (evaluations > this.#first.size && this.#first.size > 0) this.#done = true;
    this.#first.clear();
    this.suspicions.clear();
  }
}

/** Backends whose data is where JavaScript reads it at no cost. */
const readable = ['cpu', 'wasm', 'tensorflow'];

/** Calls `then` where two losses differ: at once where reading costs nothing, else when they have arrived. */
export function ifDifferent(one: tf.Scalar, other: tf.Scalar, then: () => void): void {
  const numbers = tf.tidy(() => tf.stack([one, other]));
  const compare = ([a = 0, b = 0]: ArrayLike<number> & Iterable<number>) => {
    numbers.dispose();
    // Of one computation twice, a GPU may add up in another order.
    if (Math.abs(a - b) > 1e-5 * (Math.abs(a) + Math.abs(b))) then();
  };
  if (readable.includes(tf.getBackend())) compare(numbers.dataSync());
  else {
    numbers.kept = true;
    void numbers.data().then(compare, () => numbers.dispose());
  }
}
