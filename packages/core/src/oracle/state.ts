import * as tf from '@tensorflow/tfjs-core';
import type { ParamVector } from '../algebra/vector.js';

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
const uniqueSuffix = /_\d+$/;

/**
 * Named slots per variable: momentum buffers, moving averages, masks.
 *
 * In memory a slot is keyed by variable name. After a restore the names may differ (TensorFlow.js makes them
 * unique per process), so a restored slot is found by exact name, then by name without the `_1` suffix, then, if no
 * name at all matches, by order and shape. What a variable has claimed, or this process has made, stays its own: two
 * models of one architecture have names that differ by the suffix alone.
 */
export class SlotStore {
  readonly #slots = new Map<string, Map<string, tf.Variable>>();
  /** Names of restored entries, by key, that no variable has claimed yet. */
  readonly #unclaimed = new Map<string, Set<string>>();

  /** The slot of every variable, or undefined if one of them has none. */
  find(key: string, variables: readonly tf.Variable[]): tf.Variable[] | undefined {
    const found = this.findEach(key, variables);
    return found.every((entry) => entry !== undefined) ? found : undefined;
  }

  /** The slot of every variable that has one. */
  findEach(key: string, variables: readonly tf.Variable[]): (tf.Variable | undefined)[] {
    const slot = this.#slots.get(key);
    if (slot === undefined) return variables.map(() => undefined);
    const unclaimed = this.#unclaimed.get(key);
    if (unclaimed !== undefined && unclaimed.size > 0) claim(slot, unclaimed, variables);
    return variables.map(({ name }) => slot.get(name));
  }

  /** The slot of one entry name. */
  findOne(key: string, name: string): tf.Variable | undefined {
    return this.#slots.get(key)?.get(name);
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
    this.#unclaimed.delete(key);
  }

  /** Every slot as a named tensor, `key:variable`; the tensors stay the store's. */
  named(): NamedTensor[] {
    return [...this.#slots].flatMap(([key, slot]) =>
      [...slot].map(([name, tensor]) => ({ name: `${key}${SEPARATOR}${name}`, tensor })),
    );
  }

  /** Replaces everything by what `named()` gave. @throws Error on a name without a key. */
  restore(weights: readonly NamedTensor[]): void {
    this.dispose();
    for (const { name, tensor } of weights) {
      const at = name.indexOf(SEPARATOR);
      if (at < 0) throw new Error(`state: expected a name of the form "key:variable", got "${name}"`);
      const [key, variable] = [name.slice(0, at), name.slice(at + 1)];
      this.assign(key, variable, tensor);
      this.#unclaimed.set(key, (this.#unclaimed.get(key) ?? new Set()).add(variable));
    }
  }

  /** Disposes every slot. */
  dispose(): void {
    for (const key of [...this.#slots.keys()]) this.delete(key);
  }
}

/** Gives restored entries the names that the variables have in this process. */
function claim(
  slot: Map<string, tf.Variable>,
  unclaimed: Set<string>,
  variables: readonly tf.Variable[],
): void {
  for (const { name } of variables) unclaimed.delete(name);
  const missing = variables.filter(({ name }) => !slot.has(name));
  const plain = (name: string) => name.replace(uniqueSuffix, '');
  const anyByName =
    missing.length < variables.length ||
    missing.some(({ name }) => [...unclaimed].some((saved) => plain(saved) === plain(name)));
  const entries = [...unclaimed].map((saved) => [saved, slot.get(saved)!] as const);
  const byOrder =
    !anyByName &&
    entries.length === variables.length &&
    entries.every(([, { shape }], i) => tf.util.arraysEqual(shape, variables[i]!.shape));
  for (const [i, { name, shape }] of missing.entries()) {
    const matching = entries.filter(
      ([saved, tensor]) => plain(saved) === plain(name) && tf.util.arraysEqual(tensor.shape, shape),
    );
    const entry = byOrder ? entries[i] : matching.length === 1 ? matching[0] : undefined;
    if (entry === undefined || !unclaimed.delete(entry[0])) continue;
    slot.delete(entry[0]);
    slot.set(name, entry[1]);
  }
}

const LOOSE = '(tensor)';

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

  /** Makes the writes permanent, each passed through `choose` (old value, new value) first. */
  commit(choose: (next: tf.Tensor, previous: tf.Tensor | undefined) => tf.Tensor = (next) => next): void {
    const variables = this.#variables();
    const put = (key: string, name: string, next: tf.Tensor) =>
      tf.tidy(() => this.#store.assign(key, name, choose(next, this.#store.findOne(key, name))));
    for (const key of this.#deleted) if (!this.#vectors.has(key)) this.#store.delete(key);
    for (const [key, vector] of this.#vectors) {
      this.#store.find(key, variables);
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
