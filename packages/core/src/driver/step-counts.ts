import * as tf from '@tensorflow/tfjs-core';
import type { SlotStore } from '../oracle/state.js';

const KEY = '(steps)';

/**
 * How many steps each set of variables has made: two models that one optimizer trains in turn count each for itself. As
 * long as all variables move together, that is the optimizer's own count, and nothing is kept beside it.
 */
export class StepCounts {
  readonly #slots: SlotStore;
  /** Variables that have moved, while they move together. */
  readonly #together = new Set<string>();
  /** The count of variables that no step has seen: what was restored. */
  #restored = 0;
  /** Counts by slot, once they differ. */
  readonly #counts = new WeakMap<tf.Variable, number>();

  /** @param slots - Where counts that differ are saved. */
  constructor(slots: SlotStore) {
    this.#slots = slots;
  }

  /** The number of the step to come of these variables. @param iterations - That of all. */
  of(variables: readonly tf.Variable[], iterations: number): number {
    const counts = this.#slots.findEach(KEY, variables).map((slot) => slot && this.#counts.get(slot));
    if (counts.some((count) => count !== undefined)) return Math.max(...counts.map((count) => count ?? 0));
    if (this.#slots.has(KEY)) return 0;
    return variables.some(({ name }) => this.#together.has(name)) ? iterations : this.#restored;
  }

  /** The variables have made a step. */
  advance(variables: readonly tf.Variable[], iterations: number): void {
    const names = new Set(variables.map(({ name }) => name));
    const all = [...this.#together].every((name) => names.has(name));
    if (!this.#slots.has(KEY) && (all || this.#together.size === 0)) {
      for (const name of names) this.#together.add(name);
      return;
    }
    const count = this.of(variables, iterations) + 1;
    if (!this.#slots.has(KEY)) for (const name of this.#together) this.#set(name, iterations);
    for (const name of names) this.#set(name, count);
  }

  /** To be called when the slots have been restored. */
  async restored(iterations: number): Promise<void> {
    this.#together.clear();
    this.#restored = this.#slots.has(KEY) ? 0 : iterations;
    for (const slot of this.#slots.all(KEY)) this.#counts.set(slot, (await slot.data())[0]!);
  }

  #set(name: string, count: number): void {
    tf.tidy(() => this.#slots.assign(KEY, name, tf.scalar(count)));
    this.#counts.set(this.#slots.findOne(KEY, name)!, count);
  }
}
