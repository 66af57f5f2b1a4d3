import * as tf from '@tensorflow/tfjs-core';
import { undoOnThrow } from '../engine/transaction.js';
import { type SlotStore, STEPS } from './slots.js';

/**
 * Counts the steps of each set of variables: two models that one optimizer trains in turn count each for itself. As
 * long as all variables move together, that is the optimizer's own count, and nothing is kept beside it. A step that the
 * device skips counts: it is known there alone.
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
    if (!this.#slots.has(STEPS)) {
      if (this.#together.size === 0) return this.#restored || iterations;
      return variables.some(({ name }) => this.#together.has(name)) ? iterations : this.#restored;
    }
    const counts = this.#slots.findEach(STEPS, variables).map((slot) => slot && this.#counts.get(slot));
    return Math.max(0, ...counts.map((count) => count ?? 0));
  }

  /** The variables have made a step. */
  advance(variables: readonly tf.Variable[], iterations: number): void {
    if (variables.length === 0) return;
    const names = new Set(variables.map(({ name }) => name));
    const all = [...this.#together].every((name) => names.has(name));
    if (!this.#slots.has(STEPS) && (all || this.#together.size === 0)) {
      if (names.size > this.#together.size) this.#join(names);
      return;
    }
    const count = this.of(variables, iterations) + 1;
    if (!this.#slots.has(STEPS)) for (const name of this.#together) this.#set(name, iterations);
    for (const name of names) this.#set(name, count);
  }

  /** To be called when the slots have been restored. */
  async restored(iterations: number): Promise<void> {
    this.#together.clear();
    this.#restored = this.#slots.has(STEPS) ? 0 : iterations;
    for (const slot of this.#slots.all(STEPS)) this.#counts.set(slot, (await slot.data())[0]!);
  }

  #join(names: ReadonlySet<string>): void {
    const fresh = [...names].filter((name) => !this.#together.has(name));
    for (const name of fresh) this.#together.add(name);
    undoOnThrow(() => {
      for (const name of fresh) this.#together.delete(name);
    });
  }

  #set(name: string, count: number): void {
    tf.tidy(() => this.#slots.assign(STEPS, name, tf.scalar(count)));
    const slot = this.#slots.findOne(STEPS, name)!;
    const before = this.#counts.get(slot);
    this.#counts.set(slot, count);
    undoOnThrow(() => {
      if (before !== undefined) this.#counts.set(slot, before);
    });
  }
}
