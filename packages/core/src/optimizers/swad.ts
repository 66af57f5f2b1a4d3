import * as tf from '@tensorflow/tfjs-core';
import { add, type ParamVector, scale } from '../algebra/vector.js';
import { complete } from '../declare/check.js';
import { integer, number, type OptionsOf } from '../declare/option.js';
import type { NamedTensor } from '../oracle/slots.js';

const options = {
  converge: integer({
    min: 1,
    default: 3,
    doc: 'Validations N_s within which the first is the best: the start',
  }),
  tolerance: integer({ min: 1, default: 6, doc: 'Validations N_e in a row above the threshold: the end' }),
  ratio: number({
    min: 1,
    default: 1.3,
    doc: 'Threshold r, in mean validation losses of the start',
  }),
};

/** Options of `swad`. */
export interface SwadOptions extends OptionsOf<typeof options> {}

/** Name of the numbers in a saved state, and what they begin with; a count, a loss and a number follow for each open segment. */
const STATE = 'swad-state';
type Header = [
  ...[validations: number, isOver: number, threshold: number, start: number, end: number],
  ...[segment: number, average: number, ...pending: number[]],
];

/** The weights of the updates between two validations. */
interface Segment {
  readonly sum: ParamVector;
  readonly count: number;
  readonly loss: number;
  /** Number of the validation that ended it. */
  readonly at: number;
}

/**
 * SWAD's average of the weights, densely over a window that validation losses pick: from where they stop to fall until they
 * have risen for good.
 *
 *   start: the first validation that is the best of the N_s from it on;   l = r · mean of these N_s losses
 *   end: N_e validations before N_e in a row are above l;   the mean of the weights after all updates from start to end
 *
 * Each update counts once, as in the paper; the published code counts some segments twice. Batch normalisation's running
 * statistics are those of the trained weights. Its state is saved beside the optimizer's: see `getWeights`. Memory: one copy of the weights for each
 * validation that is not decided yet, max(N_s, N_e) at most, and one for the average.
 *
 * @see Cha et al. 2021, "SWAD: Domain Generalization by Seeking Flat Minima", algorithm 1. https://arxiv.org/abs/2102.08604
 */
export class Swad {
  readonly #variables: readonly tf.Variable[];
  readonly #converge: number;
  readonly #tolerance: number;
  readonly #ratio: number;
  #validations = 0;
  #segment: { sum: ParamVector; count: number } | undefined;
  /** Segments that may be taken in yet. */
  #pending: Segment[] = [];
  #average: { sum: ParamVector; count: number } | undefined;
  #threshold: number | undefined;
  #start: number | undefined;
  #end: number | undefined;
  #isOver = false;
  #trained: ParamVector | undefined;

  /** @ignore Made by `swad`. */
  constructor(variables: readonly tf.Variable[], given: SwadOptions = {}) {
    const checked = complete('swad', options, given);
    this.#variables = [...variables];
    this.#converge = checked.converge;
    this.#tolerance = checked.tolerance;
    this.#ratio = checked.ratio;
  }

  /** Numbers of the first and the last validation of the window, from 0: undefined before its start. */
  get window(): { readonly start: number; readonly end: number } | undefined {
    if (this.#start === undefined) return undefined;
    return { start: this.#start, end: this.#tail().at(-1)?.at ?? this.#end ?? this.#start };
  }

  /** Takes in the weights after an update. Nothing is read back. */
  observe(): void {
    if (this.#isOver) return;
    const before = this.#segment;
    const weights = this.#variables as unknown as ParamVector;
    const sum = before ? add(before.sum, weights) : weights.map((variable) => tf.clone(variable));
    for (const tensor of sum) tf.keep(tensor);
    tf.dispose(before?.sum);
    this.#segment = { sum, count: (before?.count ?? 0) + 1 };
  }

  /**
   * Tells the validation loss of the weights as they are, which ends a segment of updates.
   *
   * @throws RangeError when the loss is no number; Error when no update was observed since the last one.
   */
  validate(loss: number): void {
    if (Number.isNaN(loss)) throw new RangeError(`swad: expected a validation loss, got ${loss}`);
    const at = this.#validations++;
    if (this.#isOver) return;
    if (!this.#segment)
      throw new Error('swad: expected observe() after each update, got none before validate()');
    this.#pending.push({ ...this.#segment, loss, at });
    this.#segment = undefined;
    if (this.#start === undefined) this.#seekStart();
    else this.#seekEnd();
  }

  /**
   * Callbacks for `model.fit`, after each batch, and after each epoch with its logs. TensorFlow.js reads a batch's loss before it
   * calls them; a loop of one's own that calls `observe` reads nothing.
   */
  callbacks(key = 'val_loss'): {
    onBatchEnd(): void;
    onEpochEnd(epoch: number, logs?: Readonly<Record<string, unknown>>): void;
  } {
    return {
      onBatchEnd: () => this.observe(),
      onEpochEnd: (_epoch, logs) => {
        const loss = logs?.[key];
        if (typeof loss !== 'number')
          throw new TypeError(
            `swad: expected ${key} among the logs of an epoch, got [${Object.keys(logs ?? {})}]. Give model.fit validationData.`,
          );
        this.validate(loss);
      },
    };
  }

  /**
   * Puts the average in the weights' place, until `restore`; of a window that has not begun, the last segment's.
   *
   * @throws Error when it is in place already, or nothing was validated.
   */
  swap(): void {
    this.#requireTrained('swap');
    const segments = this.#start === undefined ? this.#pending.slice(-1) : this.#tail();
    const all = [...(this.#average ? [this.#average] : []), ...segments];
    if (all.length === 0) throw new Error('swad: expected a validation before the average is asked for');
    this.#trained = this.#variables.map((variable) => tf.keep(tf.clone(variable as tf.Tensor)));
    tf.tidy(() => {
      const sum = all.slice(1).reduce((total, each) => add(total, each.sum), all[0]!.sum);
      const mean = scale(1 / all.reduce((total, { count }) => total + count, 0), sum);
      for (const [i, variable] of this.#variables.entries()) variable.assign(mean[i]!);
    });
  }

  /** Puts the trained weights back, bit for bit. Does nothing where they are in place. */
  restore(): void {
    for (const [i, tensor] of (this.#trained ?? []).entries()) this.#variables[i]!.assign(tensor);
    tf.dispose(this.#trained);
    this.#trained = undefined;
  }

  /**
   * All that it remembers, by the names of the variables, to go on later as if uninterrupted: copies, which the caller disposes.
   *
   * @throws Error while the average is in place.
   */
  async getWeights(): Promise<NamedTensor[]> {
    this.#requireTrained('saving');
    const [segment, average, pending] = [this.#segment, this.#average, this.#pending];
    const numbers = [
      ...[this.#validations, Number(this.#isOver), this.#threshold, this.#start, this.#end],
      ...[segment?.count ?? 0, average?.count ?? 0],
      ...pending.flatMap(({ count, loss, at }) => [count, loss, at]),
    ].map((value) => value ?? Number.NaN);
    // Float64, of which a tensor holds the halves.
    const words = new Int32Array(Float64Array.from(numbers).buffer);
    const sums = [
      ...(segment ? [segment.sum] : []),
      ...(average ? [average.sum] : []),
      ...pending.map(({ sum }) => sum),
    ];
    const copies = sums.flatMap((sum, k) =>
      sum.map((tensor, i) => ({ name: this.#nameOf(i, k), tensor: tf.keep(tf.clone(tensor)) })),
    );
    return [{ name: STATE, tensor: tf.keep(tf.tensor1d(words, 'int32')) }, ...copies];
  }

  /**
   * Takes a state from `getWeights`, of variables of the same names and shapes; its tensors stay the caller's.
   *
   * @throws RangeError when it lacks a tensor or one has another shape, and Error while the average is in place: nothing has
   *   changed then.
   */
  async setWeights(weights: readonly NamedTensor[]): Promise<void> {
    this.#requireTrained('restoring a state');
    const named = new Map(weights.map(({ name, tensor }) => [name, tensor]));
    const words = named.get(STATE);
    if (words?.dtype !== 'int32' || words.size < 14 || words.size % 2 > 0)
      throw new RangeError(
        `swad: expected a state with ${STATE} of getWeights(), got [${[...named.keys()]}]`,
      );
    const numbers = new Float64Array(Int32Array.from(await words.data()).buffer);
    const known = (value: number) => (Number.isNaN(value) ? undefined : value);
    const [validations, isOver, threshold, start, end, inSegment, inAverage, ...rest] =
      numbers as unknown as Header;
    let k = 0;
    const next = () => this.#found(named, k++);
    const segment = inSegment > 0 ? { sum: next(), count: inSegment } : undefined;
    const average = inAverage > 0 ? { sum: next(), count: inAverage } : undefined;
    const pending = Array.from({ length: Math.floor(rest.length / 3) }, (_, j) => {
      const [count, loss, at] = rest.slice(3 * j, 3 * j + 3) as [number, number, number];
      return { sum: next(), count, loss, at };
    });
    // All tensors have been found: from here on nothing throws.
    const copy = <T extends { readonly sum: ParamVector }>(held: T): T => ({
      ...held,
      sum: held.sum.map((tensor) => tf.keep(tf.clone(tensor))),
    });
    this.dispose();
    this.#segment = segment && copy(segment);
    this.#average = average && copy(average);
    this.#pending = pending.map(copy);
    this.#validations = validations;
    this.#isOver = isOver === 1;
    [this.#threshold, this.#start, this.#end] = [known(threshold), known(start), known(end)];
  }

  /** Disposes what is kept. Averages that are swapped in stay: the training may end with them. */
  dispose(): void {
    tf.dispose([this.#trained, this.#segment?.sum, this.#average?.sum, this.#pending.map(({ sum }) => sum)]);
    this.#trained = undefined;
    this.#segment = undefined;
    this.#average = undefined;
    this.#pending = [];
    this.#isOver = true;
  }

  #requireTrained(what: string): void {
    if (!this.#trained) return;
    throw new Error(`swad: expected the trained weights to be in place for ${what}, got the average`);
  }

  /** The name of the part of a sum that belongs to a variable. */
  #nameOf(i: number, sum: number): string {
    return `${this.#variables[i]!.name}/swad-sum-${sum}`;
  }

  /** A sum of a saved state. */
  #found(named: ReadonlyMap<string, tf.Tensor>, sum: number): ParamVector {
    return this.#variables.map(({ shape }, i) => {
      const tensor = named.get(this.#nameOf(i, sum));
      if (tensor && tf.util.arraysEqual(tensor.shape, shape)) return tensor;
      const got = tensor ? `shape [${tensor.shape}]` : 'none';
      throw new RangeError(
        `swad: expected ${this.#nameOf(i, sum)} of shape [${shape}] in the state, got ${got}`,
      );
    });
  }

  #seekStart(): void {
    const losses = this.#pending.map(({ loss }) => loss);
    if (losses.length < this.#converge) return;
    if (losses[0]! <= Math.min(...losses)) {
      this.#start = this.#pending[0]!.at;
      const mean = losses.reduce((a, b) => a + b) / losses.length;
      // r · mean; above it also where losses are negative.
      this.#threshold = mean + (this.#ratio - 1) * Math.abs(mean);
      this.#seekEnd();
    } else tf.dispose(this.#pending.shift()!.sum);
  }

  /** Decides what is older than the last N_e validations; where all of these are above the threshold, the window is over. */
  #seekEnd(): void {
    while (this.#pending.length > this.#tolerance) this.#take(this.#pending.shift()!);
    const isOver =
      this.#pending.length === this.#tolerance && this.#pending.every(({ loss }) => loss > this.#threshold!);
    if (!isOver) return;
    this.#isOver = true;
    tf.dispose(this.#pending.map(({ sum }) => sum));
    this.#pending = [];
  }

  #take({ sum, count, at }: Segment): void {
    const before = this.#average;
    if (before) {
      const total = add(before.sum, sum);
      for (const tensor of total) tf.keep(tensor);
      tf.dispose([before.sum, sum]);
      this.#average = { sum: total, count: before.count + count };
    } else this.#average = { sum, count };
    this.#end = at;
  }

  /** Of the segments that are not decided, those up to the last one below the threshold. */
  #tail(): readonly Segment[] {
    const below = this.#pending.map(({ loss }) => loss <= this.#threshold!);
    return this.#pending.slice(0, below.lastIndexOf(true) + 1);
  }
}

/**
 * Averages the weights over a window that validation losses pick: see `Swad`.
 *
 * @param variables - What is averaged: `model.trainableWeights.map((weight) => weight.read())`, say.
 * @throws RangeError for an option out of its range.
 * @example
 * const average = swad(variables);
 * await model.fit(x, y, { validationData, epochs, callbacks: average.callbacks() });
 * average.swap(); // and to go on training: average.restore()
 */
export const swad = (variables: readonly tf.Variable[], given: SwadOptions = {}): Swad =>
  new Swad(variables, given);
