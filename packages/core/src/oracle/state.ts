import * as tf from '@tensorflow/tfjs-core';
import { choose, norm, type ParamVector } from '../algebra/vector.js';
import { referenceTo } from '../engine/reference.js';
import { undoOnThrow } from '../engine/transaction.js';
import { asMade } from './variables.js';

/**
 * The merger of the values that micro-batches with perturbations of their own set under one key: their 'mean', which
 * does not depend on their order, or the 'first' one's.
 */
export type Merge = 'mean' | 'first';

/**
 * A rule's memory: named ParamVectors and scalars, keyed by variable name, owned by the optimizer.
 *
 * Writes are staged and take effect when the step succeeds: a step whose closure throws leaves no trace. Where the step is
 * skipped (`onNonFinite: 'skip'`), or a value is not finite, the value before stays; whether there was one is known on the
 * device alone, so that a rule says what stands in its place (`recall`). What the step's loss does not reach rests. Each
 * micro-batch with a perturbation of its own reads what was there before the step.
 *
 * Rules and strategies themselves hold nothing, so that one of them can serve two optimizers.
 */
export interface RuleState {
  /**
   * The vector stored under `key`, in the oracle's order of variables, zero for those that have none; undefined before the
   * first `set`. Zero as well where nothing was committed yet: see `recall`.
   */
  get(key: string): ParamVector | undefined;
  /** As `get`, variable by variable: undefined for those that have no entry. */
  getEach(key: string): (tf.Tensor | undefined)[];
  /**
   * The vector stored under `key`, with what `fallback` gives for the variables that have no entry, or one that no step
   * has committed yet.
   */
  recall(key: string, fallback: () => ParamVector): ParamVector;
  /** 1 where some step has committed the vector stored under `key`, else 0: Scalar, on the device. */
  committed(key: string): tf.Scalar;
  /**
   * Stores a vector (its own reference: the caller's tensors may be disposed). `key` holds no colon.
   *
   * @param merge - Default 'mean'.
   */
  set(key: string, value: ParamVector, merge?: Merge): void;
  /** Forgets the vector stored under `key`, unless the step sets it again; also when the update is skipped. */
  delete(key: string): void;
  /** The tensor stored under `key`: running statistics that belong to no variable. */
  getTensor(key: string): tf.Tensor | undefined;
  /** As `getTensor`, with what `fallback` gives where no step has committed one yet. */
  recallTensor(key: string, fallback: () => tf.Tensor): tf.Tensor;
  /** Stores a tensor that belongs to no variable. */
  setTensor(key: string, value: tf.Tensor, merge?: Merge): void;
}

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
  /** Flags on the device, 1 where a slot holds what a step has committed, else 0: of slots of which it is not certain. */
  readonly #doubts = new Map<tf.Variable, tf.Variable>();
  /** Doubts that were 0 when last read, and have not changed since. */
  readonly #uncommitted = new Set<tf.Variable>();
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

  /** The distinct flags of the slots; undefined stands for a slot that certainly is committed. */
  doubtsOf(slots: readonly tf.Tensor[]): (tf.Variable | undefined)[] {
    return [...new Set(slots.map((slot) => this.#doubts.get(slot as tf.Variable)))];
  }

  /**
   * Sets the slots of a key where `good` is true, else leaves them: decided on the device. What is new, and not good, is
   * zero and not committed.
   */
  commit(key: string, names: readonly string[], values: readonly tf.Tensor[], good: tf.Tensor): void {
    const known = names.map((name) => this.findOne(key, name));
    const chosen = choose(
      good,
      values,
      values.map((value, i) => known[i] ?? tf.zerosLike(value)),
    );
    for (const [i, name] of names.entries()) this.assign(key, name, chosen[i]!);
    const counted = tf.cast(good, 'float32');
    for (const doubt of this.doubtsOf(known.filter((slot) => slot !== undefined)))
      if (doubt) {
        doubt.assign(tf.maximum(doubt, counted));
        this.#uncommitted.delete(doubt);
      }
    const fresh = names.flatMap((name, i) => (known[i] ? [] : [this.findOne(key, name)!]));
    if (fresh.length === 0) return;
    const doubt = tf.variable(counted, false);
    for (const slot of fresh) this.#doubts.set(slot, doubt);
    undoOnThrow(() => this.#release(fresh));
  }

  /** Forgets the doubts of slots that are gone. */
  #release(slots: Iterable<tf.Variable>): void {
    const gone = new Set<tf.Variable>();
    for (const slot of slots) {
      const doubt = this.#doubts.get(slot);
      if (doubt) gone.add(doubt);
      this.#doubts.delete(slot);
    }
    const needed = new Set(this.#doubts.values());
    for (const doubt of gone)
      if (!needed.has(doubt)) {
        this.#uncommitted.delete(doubt);
        doubt.dispose();
      }
  }

  /** Disposes the slots of one key. */
  delete(key: string): void {
    const slots = [...(this.#slots.get(key)?.values() ?? [])];
    this.#release(slots);
    for (const slot of slots) slot.dispose();
    this.#slots.delete(key);
  }

  /** Finds out, before saving, what no step has committed: `named` leaves it out. Reads from the device. */
  resolve(): void {
    for (const doubt of new Set(this.#doubts.values())) {
      if (doubt.dataSync().every((committed) => committed === 0)) this.#uncommitted.add(doubt);
    }
  }

  /** Every slot as a named tensor, `key:variable`, in the variables' order; the tensors stay the store's. */
  named(): NamedTensor[] {
    const place = new Map([...this.#order].map((name, i) => [name, i]));
    const placeOf = (name: string) => place.get(name) ?? place.size;
    return [...this.#slots].flatMap(([key, slot]) =>
      [...slot]
        .filter(([, tensor]) => !this.#uncommitted.has(this.#doubts.get(tensor)!))
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

/** A value of one key: a vector in the order of the variables, or a single tensor that belongs to none. */
interface Write {
  readonly tensors: ParamVector;
  readonly merge: Merge;
  /** The number of micro-batches that it is the mean of. */
  readonly parts: number;
}

/** The state of one step: reads through to the store, keeps writes until `commit`. */
export class StagedState implements RuleState {
  readonly #store: SlotStore;
  readonly #variables: () => readonly tf.Variable[];
  /** Values set by the micro-batch under way, and the merged values of those before it. */
  #vectors = new Map<string, Write>();
  #tensors = new Map<string, Write>();
  readonly #former = {
    vectors: new Map<string, Write>(),
    tensors: new Map<string, Write>(),
    deleted: new Set<string>(),
  };
  #deleted = new Set<string>();
  readonly #held: tf.Tensor[] = [];

  constructor(store: SlotStore, variables: () => readonly tf.Variable[]) {
    this.#store = store;
    this.#variables = variables;
  }

  get(key: string): ParamVector | undefined {
    const found = this.getEach(key);
    if (found.every((entry) => entry === undefined)) return undefined;
    return found.map((entry, i) => entry ?? tf.zerosLike(this.#variables()[i]! as tf.Tensor));
  }

  getEach(key: string): (tf.Tensor | undefined)[] {
    const staged = this.#vectors.get(key);
    if (staged) return staged.tensors;
    const variables = this.#variables();
    return this.#deleted.has(key) ? variables.map(() => undefined) : this.#store.findEach(key, variables);
  }

  recall(key: string, fallback: () => ParamVector): ParamVector {
    return this.#recalled(this.getEach(key), fallback);
  }

  committed(key: string): tf.Scalar {
    const found = this.getEach(key).filter((entry) => entry !== undefined);
    if (this.#vectors.has(key)) return tf.scalar(1);
    const doubts = this.#store.doubtsOf(found);
    const flags = doubts.filter((doubt) => doubt !== undefined);
    if (doubts.length > flags.length) return tf.scalar(1);
    if (flags.length === 0) return tf.scalar(0);
    return tf.tidy(
      () => flags.reduce<tf.Tensor>((one, other) => tf.maximum(one, other), tf.scalar(0)) as tf.Scalar,
    );
  }

  delete(key: string): void {
    this.#vectors.delete(key);
    this.#deleted.add(key);
  }

  set(key: string, value: ParamVector, merge: Merge = 'mean'): void {
    const { length } = this.#variables();
    if (value.length !== length) {
      throw new RangeError(`state "${key}": expected ${length} tensors, got ${value.length}`);
    }
    this.#vectors.set(key, this.#write(value, merge));
  }

  getTensor(key: string): tf.Tensor | undefined {
    return this.#tensors.get(key)?.tensors[0] ?? this.#store.findOne(key, LOOSE);
  }

  recallTensor(key: string, fallback: () => tf.Tensor): tf.Tensor {
    return this.#recalled([this.getTensor(key)], () => [fallback()])[0]!;
  }

  setTensor(key: string, value: tf.Tensor, merge: Merge = 'mean'): void {
    this.#tensors.set(key, this.#write([value], merge));
  }

  /** The next micro-batch begins: it reads what was there before the step. */
  nextPart(): void {
    this.#merge(this.#vectors, this.#former.vectors);
    this.#merge(this.#tensors, this.#former.tensors);
    for (const key of this.#deleted) this.#former.deleted.add(key);
    this.#begin();
  }

  #begin(): void {
    this.#vectors = new Map();
    this.#tensors = new Map();
    this.#deleted = new Set();
  }

  /** Runs `f` as another micro-batch, whose writes are forgotten. */
  apart<T>(f: () => T): T {
    const [vectors, tensors, deleted] = [this.#vectors, this.#tensors, this.#deleted];
    this.#begin();
    try {
      return f();
    } finally {
      this.#vectors = vectors;
      this.#tensors = tensors;
      this.#deleted = deleted;
    }
  }

  /** Says which variables the step reaches, before the update: see `SlotStore.settle`. */
  settle(reached: readonly tf.Variable[]): void {
    this.#store.settle(reached, this.#variables());
  }

  /**
   * Makes the writes permanent, those of variables that the step reached, and of values that are finite.
   *
   * @param ok - A bool Scalar: whether the step counts. Default true.
   */
  commit(reached: (variable: tf.Variable) => boolean, ok?: tf.Tensor): void {
    this.nextPart();
    const { vectors, tensors, deleted } = this.#former;
    const variables = this.#variables();
    for (const key of deleted) if (!vectors.has(key)) this.#store.delete(key);
    for (const [key, write] of vectors) {
      const at = variables.flatMap((variable, i) => (reached(variable) ? [i] : []));
      this.#put(
        key,
        at.map((i) => variables[i]!.name),
        at.map((i) => write.tensors[i]!),
        ok,
      );
    }
    for (const [key, { tensors: values }] of tensors) this.#put(key, [LOOSE], values, ok);
    this.discard();
  }

  #put(key: string, names: readonly string[], values: readonly tf.Tensor[], ok: tf.Tensor | undefined): void {
    if (names.length === 0) return;
    tf.tidy(() => {
      const finite = tf.isFinite(norm(values));
      this.#store.commit(key, names, values, ok ? tf.logicalAnd(ok, finite) : finite);
    });
  }

  /** Forgets the writes. */
  discard(): void {
    tf.dispose(this.#held);
    this.#held.length = 0;
    for (const writes of [this.#vectors, this.#tensors, this.#former.vectors, this.#former.tensors])
      writes.clear();
    this.#deleted.clear();
    this.#former.deleted.clear();
  }

  #recalled(found: readonly (tf.Tensor | undefined)[], fallback: () => ParamVector): ParamVector {
    const doubts = found.map((slot) => slot && this.#store.doubtsOf([slot])[0]);
    if (found.every((slot, i) => slot && !doubts[i])) return found as ParamVector;
    const others = fallback();
    const result = found.map((slot, i) => slot ?? others[i]!);
    for (const doubt of new Set(doubts)) {
      if (doubt === undefined) continue;
      const at = found.flatMap((_, i) => (doubts[i] === doubt ? [i] : []));
      const chosen = choose(
        tf.cast(doubt, 'bool'),
        at.map((i) => result[i]!),
        at.map((i) => others[i]!),
      );
      for (const [j, i] of at.entries()) result[i] = chosen[j]!;
    }
    return result;
  }

  #merge(writes: ReadonlyMap<string, Write>, former: Map<string, Write>): void {
    for (const [key, write] of writes) {
      const before = former.get(key);
      if (before === undefined) former.set(key, write);
      else if (write.merge === 'mean') {
        const parts = before.parts + 1;
        const mean = tf.tidy(() =>
          before.tensors.map((a, i) => tf.add(a, tf.div(tf.sub(write.tensors[i]!, a), parts)) as tf.Tensor),
        );
        former.set(key, { ...this.#write(mean, 'mean'), parts });
        tf.dispose(mean);
      }
    }
  }

  /** References that outlive the caller's scope; a later write of the same key leaves them readable. */
  #write(tensors: readonly tf.Tensor[], merge: Merge): Write {
    const references = tensors.map((tensor) => referenceTo(tensor));
    this.#held.push(...references);
    return { tensors: references, merge, parts: 1 };
  }
}
