import * as tf from '@tensorflow/tfjs-core';
import { undoOnThrow } from '../engine/transaction.js';
import { asMade } from './variables.js';

/** A tensor and its name: what `getWeights` gives and `setWeights` takes. */
export interface NamedTensor {
  /** Slot and variable, or 'iter' for the step count. */
  readonly name: string;
  /** The value; its owner is said where it is given. */
  readonly tensor: tf.Tensor;
}

/** Parts a key from the name of a variable. */
export const SEPARATOR = ':';
/** Stands for the variable of what belongs to none. */
export const LOOSE = '(tensor)';
/** The key of step counts that differ: see `StepCounts`. */
export const STEPS = '(steps)';
/** The key of counts of updates, on the device: see `adamw`. */
export const UPDATES = '(updates)';

/** A saved slot: its key, the name of its variable, its value. */
export interface SavedSlot {
  readonly key: string;
  readonly variable: string;
  readonly tensor: tf.Tensor;
}

/** A restored state until the variables of an update have settled it: it may carry other names. */
export interface PendingState {
  /** Names here by names that were saved, from the first list that it fits. @throws Error when it fits none. */
  bind(...lists: readonly (readonly tf.Variable[])[]): (saved: string) => string;
  /** The error for variables that it is not of. */
  refused(variables: readonly tf.Variable[]): Error;
}

/**
 * Named slots per variable: momentum buffers, moving averages, masks. A slot has its variable's shape, or is a scalar.
 *
 * A slot is keyed by variable name. A restored state may carry other names: it is bound to variables when the first
 * ones ask or settle, and refused where it fits none.
 */
export class SlotStore {
  readonly #slots = new Map<string, Map<string, tf.Variable>>();
  /** The keys that a restored state may have; undefined where any. */
  readonly keys: readonly string[] | undefined;
  /** Names of the variables in the order in which they are saved. */
  #order: ReadonlySet<string> = new Set();
  #pending: PendingState | undefined;
  #bound = false;

  /** @param keys - The keys that a restored state may have. Default any. */
  constructor(keys?: readonly string[]) {
    this.keys = keys;
  }

  /** True while a restored state waits for the variables of an update, which it may not fit. */
  get pending(): boolean {
    return this.#pending !== undefined;
  }

  /** The slot of every variable, or undefined if one of them has none. */
  find(key: string, variables: readonly tf.Variable[]): tf.Variable[] | undefined {
    const found = this.findEach(key, variables);
    return found.every((entry) => entry !== undefined) ? found : undefined;
  }

  /** The slot of every variable that has one. @throws Error when a restored state does not fit the variables. */
  findEach(key: string, variables: readonly tf.Variable[]): (tf.Variable | undefined)[] {
    const slot = this.#slots.get(key);
    if (slot === undefined) return variables.map(() => undefined);
    if (this.#pending && !this.#bound) this.#bind(this.#pending, variables);
    return variables.map(({ name }) => slot.get(name));
  }

  /** True where there are slots of a key. */
  has(key: string): boolean {
    return this.#slots.has(key);
  }

  /** All slots of a key. */
  all(key: string): tf.Variable[] {
    return [...(this.#slots.get(key)?.values() ?? [])];
  }

  /** The slot of one entry name. */
  findOne(key: string, name: string): tf.Variable | undefined {
    return this.#slots.get(key)?.get(name);
  }

  /**
   * Says which variables an update is of, before it changes anything: binds a restored state to them, and keeps their
   * order for saving.
   *
   * @param candidates - A longer list that the state may be of, with variables that the loss does not reach.
   * @throws Error when a restored state does not fit.
   */
  settle(variables: readonly tf.Variable[], candidates: readonly tf.Variable[] = variables): void {
    if (variables.length === 0) return;
    if (this.#pending) {
      if (!this.#bound) this.#bind(this.#pending, variables, candidates);
      else if (!variables.some(({ name }) => this.#order.has(name))) {
        // The first to ask saw variables that the update does not reach.
        this.#bound = false;
        throw this.#pending.refused(variables);
      }
      this.#pending = undefined;
    }
    if (variables.every(({ name }) => this.#order.has(name))) return;
    const names = new Set(asMade(variables).map(({ name }) => name));
    // An update of all that are known tells their order; otherwise what is new comes last.
    const tells = [...this.#order].every((name) => names.has(name));
    this.#order = tells ? names : new Set([...this.#order, ...names]);
  }

  #bind(pending: PendingState, ...lists: readonly (readonly tf.Variable[])[]): void {
    const here = pending.bind(...lists);
    for (const slot of this.#slots.values()) {
      const entries = [...slot];
      slot.clear();
      for (const [name, variable] of entries) slot.set(here(name), variable);
    }
    this.#order = new Set([...this.#order].map(here));
    this.#bound = true;
  }

  /** Sets the slots of several variables to one value: they share its data, as before. */
  share(key: string, names: readonly string[], value: tf.Tensor): void {
    tf.tidy(() => {
      const zero = tf.zerosLike(value);
      for (const name of names) this.assign(key, name, value, zero);
    });
  }

  /**
   * Sets a slot's value, creating it when new. Takes its own reference to the data.
   *
   * @param zero - Zeros of its shape. Default made where it needs them.
   */
  assign(key: string, name: string, value: tf.Tensor, zero?: tf.Tensor): void {
    const slot = this.#slots.get(key) ?? new Map<string, tf.Variable>();
    this.#slots.set(key, slot);
    if (!slot.has(name)) {
      // From zero on, which is what undoing the assignment leaves.
      const made = tf.tidy(() => tf.variable(zero ?? tf.zerosLike(value), false));
      slot.set(name, made);
      undoOnThrow(() => {
        if (slot.get(name) === made) slot.delete(name);
        if (slot.size === 0) this.#slots.delete(key);
        made.dispose();
      });
    }
    slot.get(name)!.assign(value);
  }

  /** Disposes the slots of one key. */
  delete(key: string): void {
    for (const slot of this.all(key)) slot.dispose();
    this.#slots.delete(key);
  }

  /**
   * Every slot as a named tensor, `key:variable`, in the variables' order; the tensors stay the store's.
   *
   * @param counts - Slots to be left out give false. Default all count.
   */
  named(counts: (slot: tf.Variable) => boolean = () => true): NamedTensor[] {
    const place = new Map([...this.#order].map((name, i) => [name, i]));
    const placeOf = (name: string) => place.get(name) ?? place.size;
    return [...this.#slots].flatMap(([key, slot]) =>
      [...slot]
        .filter(([, slot]) => counts(slot))
        .sort(([one], [other]) => placeOf(one) - placeOf(other))
        .map(([name, tensor]) => ({ name: `${key}${SEPARATOR}${name}`, tensor })),
    );
  }

  /** Replaces everything by saved slots. @param names - Their variables, in the order in which they were saved. */
  replace(slots: readonly SavedSlot[], names: readonly string[], pending: PendingState): void {
    this.dispose();
    for (const { key, variable, tensor } of slots) this.assign(key, variable, tensor);
    this.#order = new Set(names);
    this.#pending = names.length > 0 ? pending : undefined;
  }

  /** Disposes every slot. */
  dispose(): void {
    for (const key of [...this.#slots.keys()]) this.delete(key);
    this.#order = new Set();
    this.#pending = undefined;
    this.#bound = false;
  }
}
