import * as tf from '@tensorflow/tfjs-core';
import type { ParamVector } from '../algebra/vector.js';
import { bindVariables, misfit, type SavedVariable } from './binding.js';

/**
 * A rule's memory: named ParamVectors and scalars, keyed by variable name, owned by the optimizer.
 *
 * Writes are staged and take effect when the step succeeds: a step whose closure throws leaves no trace.
 * Rules and strategies themselves hold nothing, so that one of them can serve two optimizers.
 */
export interface RuleState {
  /** The vector stored under `key`, in the oracle's order of variables; undefined before the first `set`. */
  get(key: string): ParamVector | undefined;
  /**
   * As `get`, variable by variable: undefined for those that have no entry. For rules that read their memory before
   * the step's first evaluation, when `oracle.variables` may still hold variables that the loss does not reach.
   */
  getEach(key: string): (tf.Tensor | undefined)[];
  /** Stores a vector (its own reference: the caller's tensors may be disposed). `key` holds no colon. */
  set(key: string, value: ParamVector): void;
  /** Forgets the vector stored under `key`, unless the step sets it again; also when the update is skipped. */
  delete(key: string): void;
  /** The tensor stored under `key`: running statistics that belong to no variable. */
  getTensor(key: string): tf.Tensor | undefined;
  /** Stores a tensor that belongs to no variable. */
  setTensor(key: string, value: tf.Tensor): void;
}

/** A tensor and its name: what `getWeights` gives and `setWeights` takes. */
export interface NamedTensor {
  /** Slot and variable, or 'iter' for the step count. */
  readonly name: string;
  /** The value; its owner is said where it is given. */
  readonly tensor: tf.Tensor;
}

const SEPARATOR = ':';
const LOOSE = '(tensor)';

/** A saved slot: its key, the name of its variable, its value. */
interface SavedSlot {
  readonly key: string;
  readonly variable: string;
  readonly tensor: tf.Tensor;
}

/**
 * Named slots per variable: momentum buffers, moving averages, masks. A slot has its variable's shape, or is a scalar.
 *
 * A slot is keyed by variable name. A restored state may carry other names: it is bound to variables when the first
 * ones ask or settle, as `bindVariables` says, and refused where it fits none.
 */
export class SlotStore {
  readonly #slots = new Map<string, Map<string, tf.Variable>>();
  readonly #keys: readonly string[] | undefined;
  /** Names of the variables in the order in which they are saved. */
  #order: ReadonlySet<string> = new Set();
  /** What a restored state is of, until the variables of an update have settled it. */
  #saved: readonly SavedVariable[] | undefined;
  #bound = false;

  /** @param keys - The keys that a restored state may have. Default any. */
  constructor(keys?: readonly string[]) {
    this.#keys = keys;
  }

  /** Whether a restored state waits for the variables of an update, which it may not fit. */
  get pending(): boolean {
    return this.#saved !== undefined;
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
    if (this.#saved && !this.#bound) this.#bind(this.#saved, [variables]);
    return variables.map(({ name }) => slot.get(name));
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
    if (this.#saved) {
      if (!this.#bound) this.#bind(this.#saved, [variables, candidates]);
      else if (!variables.some(({ name }) => this.#order.has(name))) {
        // What asked first saw variables that the update does not reach.
        this.#bound = false;
        throw misfit(this.#saved, variables);
      }
      this.#saved = undefined;
    }
    if (variables.every(({ name }) => this.#order.has(name))) return;
    const names = new Set(variables.map(({ name }) => name));
    // An update of all that are known tells their order; otherwise what is new comes last.
    const tells = [...this.#order].every((name) => names.has(name));
    this.#order = tells ? names : new Set([...this.#order, ...names]);
  }

  #bind(saved: readonly SavedVariable[], lists: readonly (readonly tf.Variable[])[]): void {
    const [binding] = lists.flatMap((variables) => bindVariables(saved, variables) ?? []);
    if (binding === undefined) throw misfit(saved, lists[0]!);
    const here = (name: string) => binding.get(name) ?? name;
    for (const slot of this.#slots.values()) {
      const entries = [...slot];
      slot.clear();
      for (const [name, variable] of entries) slot.set(here(name), variable);
    }
    this.#order = new Set([...this.#order].map(here));
    this.#bound = true;
  }

  /** Sets a slot's value, creating it when new. Takes its own reference to the data. */
  assign(key: string, name: string, value: tf.Tensor): void {
    const slot = this.#slots.get(key) ?? new Map<string, tf.Variable>();
    this.#slots.set(key, slot);
    const existing = slot.get(name);
    if (existing === undefined)
      slot.set(
        name,
        tf.tidy(() => tf.variable(tf.clone(value), false)),
      );
    else existing.assign(value);
  }

  /** Disposes the slots of one key. */
  delete(key: string): void {
    for (const variable of this.#slots.get(key)?.values() ?? []) variable.dispose();
    this.#slots.delete(key);
  }

  /** Every slot as a named tensor, `key:variable`, in the variables' order; the tensors stay the store's. */
  named(): NamedTensor[] {
    const place = new Map([...this.#order].map((name, i) => [name, i]));
    const placeOf = (name: string) => place.get(name) ?? place.size;
    return [...this.#slots].flatMap(([key, slot]) =>
      [...slot]
        .sort(([one], [other]) => placeOf(one) - placeOf(other))
        .map(([name, tensor]) => ({ name: `${key}${SEPARATOR}${name}`, tensor })),
    );
  }

  /**
   * Checks what `named()` gave, and changes nothing.
   *
   * @returns What replaces everything by it.
   * @throws Error on a name without a key, a key that is not this store's, a name twice, or slots of one variable that
   *   have several shapes or are not complete.
   */
  stage(weights: readonly NamedTensor[]): () => void {
    const slots = weights.map(({ name, tensor }) => ({ ...this.#parse(name), tensor }));
    const saved = savedVariables(slots);
    if (this.#keys) requireComplete(slots, saved);
    return () => {
      this.dispose();
      for (const { key, variable, tensor } of slots) this.assign(key, variable, tensor);
      this.#order = new Set(saved.map(({ name }) => name));
      this.#saved = saved.length > 0 ? saved : undefined;
    };
  }

  /** Replaces everything by what `named()` gave. @throws Error as `stage`; then nothing changed. */
  restore(weights: readonly NamedTensor[]): void {
    this.stage(weights)();
  }

  #parse(name: string): { key: string; variable: string } {
    const at = name.indexOf(SEPARATOR);
    if (at < 0) throw new Error(`state: expected a name of the form "key:variable", got "${name}"`);
    const [key, variable] = [name.slice(0, at), name.slice(at + 1)];
    if (this.#keys && !this.#keys.includes(key))
      throw new Error(`state: expected keys among [${this.#keys.join(', ')}], got "${key}" in "${name}"`);
    return { key, variable };
  }

  /** Disposes every slot. */
  dispose(): void {
    for (const key of [...this.#slots.keys()]) this.delete(key);
    this.#order = new Set();
    this.#saved = undefined;
    this.#bound = false;
  }
}

/** The variables that slots are of, in order. */
function savedVariables(slots: readonly SavedSlot[]): SavedVariable[] {
  const shapes = new Map<string, readonly number[] | undefined>();
  const seen = new Set<string>();
  for (const { key, variable, tensor } of slots) {
    const name = `${key}${SEPARATOR}${variable}`;
    if (seen.has(name)) throw new Error(`state: expected each name once, got "${name}" twice`);
    seen.add(name);
    if (variable === LOOSE) continue;
    const known = shapes.get(variable);
    if (tensor.rank > 0 && known && !tf.util.arraysEqual([...known], tensor.shape))
      throw new Error(
        `state: expected one shape for all that is saved of "${variable}", got [${known}] and [${tensor.shape}]`,
      );
    shapes.set(variable, tensor.rank > 0 ? tensor.shape : known);
  }
  return [...shapes].map(([name, shape]) => ({ name, shape }));
}

/** Refuses a state in which a key has slots of some of the variables only. */
function requireComplete(slots: readonly SavedSlot[], saved: readonly SavedVariable[]): void {
  const names = new Map<string, Set<string>>();
  for (const { key, variable } of slots) names.set(key, (names.get(key) ?? new Set()).add(variable));
  for (const [key, variables] of names) {
    const missing = saved.find(({ name }) => !variables.has(name));
    if (missing) throw new Error(`state: expected "${key}" of every variable, got none of "${missing.name}"`);
  }
}

/** The state of one step: reads through to the store, keeps writes until `commit`. */
export class StagedState implements RuleState {
  readonly #store: SlotStore;
  readonly #variables: () => readonly tf.Variable[];
  readonly #vectors = new Map<string, ParamVector>();
  readonly #tensors = new Map<string, tf.Tensor>();
  readonly #deleted = new Set<string>();
  readonly #held: tf.Tensor[] = [];

  constructor(store: SlotStore, variables: () => readonly tf.Variable[]) {
    this.#store = store;
    this.#variables = variables;
  }

  get(key: string): ParamVector | undefined {
    const found = this.getEach(key);
    return found.every((entry) => entry !== undefined) ? found : undefined;
  }

  getEach(key: string): (tf.Tensor | undefined)[] {
    const staged = this.#vectors.get(key);
    if (staged) return staged;
    const variables = this.#variables();
    return this.#deleted.has(key) ? variables.map(() => undefined) : this.#store.findEach(key, variables);
  }

  delete(key: string): void {
    this.#vectors.delete(key);
    this.#deleted.add(key);
  }

  set(key: string, value: ParamVector): void {
    const { length } = this.#variables();
    if (value.length !== length) {
      throw new RangeError(`state "${key}": expected ${length} tensors, got ${value.length}`);
    }
    this.#vectors.set(
      key,
      value.map((tensor) => this.#hold(tensor)),
    );
  }

  getTensor(key: string): tf.Tensor | undefined {
    return this.#tensors.get(key) ?? this.#store.findOne(key, LOOSE);
  }

  setTensor(key: string, value: tf.Tensor): void {
    this.#tensors.set(key, this.#hold(value));
  }

  /** Says which variables the step reaches, before the update: see `SlotStore.settle`. */
  settle(reached: readonly tf.Variable[]): void {
    this.#store.settle(reached, this.#variables());
  }

  /** Makes the writes permanent, each passed through `choose` (old value, new value) first. */
  commit(choose: (next: tf.Tensor, previous: tf.Tensor | undefined) => tf.Tensor = (next) => next): void {
    const variables = this.#variables();
    const put = (key: string, name: string, next: tf.Tensor) =>
      tf.tidy(() => this.#store.assign(key, name, choose(next, this.#store.findOne(key, name))));
    for (const key of this.#deleted) if (!this.#vectors.has(key)) this.#store.delete(key);
    for (const [key, vector] of this.#vectors) {
      for (const [i, tensor] of vector.entries()) put(key, variables[i]!.name, tensor);
    }
    for (const [key, tensor] of this.#tensors) put(key, LOOSE, tensor);
    this.discard();
  }

  /** Forgets the writes. */
  discard(): void {
    tf.dispose(this.#held);
    this.#held.length = 0;
    this.#vectors.clear();
    this.#tensors.clear();
    this.#deleted.clear();
  }

  /** A reference that outlives the caller's scope; a later write of the same key leaves it readable. */
  #hold(tensor: tf.Tensor): tf.Tensor {
    const held = tf.keep(tf.clone(tensor));
    this.#held.push(held);
    return held;
  }
}
