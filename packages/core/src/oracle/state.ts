import * as tf from '@tensorflow/tfjs-core';
import { choose, norm, type ParamVector } from '../algebra/vector.js';
import { referenceTo } from '../engine/reference.js';
import { undoOnThrow } from '../engine/transaction.js';
import { LOOSE, type NamedTensor, SlotStore } from './slots.js';

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

/** Slots that steps commit where the device says so: of some it is not certain that any step has. */
export class StagedSlots extends SlotStore {
  /** Flags on the device, 1 where a slot holds what a step has committed, else 0: of slots of which it is not certain. */
  readonly #doubts = new Map<tf.Variable, tf.Variable>();
  /** Doubts that were 0 when last read, and have not changed since. */
  readonly #uncommitted = new Set<tf.Variable>();

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
  #release(slots: readonly tf.Variable[]): void {
    const gone = new Set(this.doubtsOf(slots));
    for (const slot of slots) this.#doubts.delete(slot);
    for (const needed of this.#doubts.values()) gone.delete(needed);
    for (const doubt of gone)
      if (doubt) {
        this.#uncommitted.delete(doubt);
        doubt.dispose();
      }
  }

  override delete(key: string): void {
    this.#release(this.all(key));
    super.delete(key);
  }

  /** Finds out, before saving, what no step has committed: `named` leaves it out. Reads from the device. */
  resolve(): void {
    for (const doubt of new Set(this.#doubts.values())) {
      if (doubt.dataSync().every((committed) => committed === 0)) this.#uncommitted.add(doubt);
    }
  }

  override named(): NamedTensor[] {
    return super.named((slot) => !this.#uncommitted.has(this.#doubts.get(slot)!));
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
  readonly #store: StagedSlots;
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

  constructor(store: StagedSlots, variables: () => readonly tf.Variable[]) {
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
