import * as tf from '@tensorflow/tfjs-core';
import { type Checked, integer, number, type OptionsOf } from '../declare/option.js';
import { type Declaring, declared, definePart } from '../declare/part.js';
import { type NamedTensor, SlotStore } from '../oracle/slots.js';
import type { Commit, Part } from './parts.js';
import { WrappedOptimizer } from './wrapped.js';
import { type WrapperConfig, wrappedBase } from './wrapped-base.js';

const averagingOptions = {
  start: integer({ min: 0, default: 0, doc: 'Number of the first update whose result is taken in' }),
  every: integer({ min: 1, default: 1, unit: 'updates', doc: 'Updates from one taken in to the next' }),
};
const windowOptions = {
  ...averagingOptions,
  end: integer({
    min: 0,
    optional: 'the last update',
    doc: "Number of the last update whose result may be taken in: with `start`, SWAD's average over a window",
  }),
};
const latestOptions = {
  size: integer({
    min: 1,
    default: 5,
    doc: 'Number of results that the average is of: it holds as many copies of the weights',
  }),
  start: averagingOptions.start,
  every: integer({ min: 1, unit: 'updates', doc: 'Updates from one taken in to the next: an epoch, say' }),
};
const movingOptions = {
  decay: number({ min: 0, below: 1, default: 0.999, doc: 'Share d of the old average in the new one' }),
  ...averagingOptions,
};

/** The updates that an average takes in. */
export interface AveragingOptions extends OptionsOf<typeof windowOptions> {}

/** Options of `exponentialMovingAverage`. */
export interface ExponentialMovingAverageOptions extends OptionsOf<typeof movingOptions> {}

/** Options of `latestWeightAverage`. */
export interface LatestWeightAverageOptions extends OptionsOf<typeof latestOptions> {}

declare module '../kinds.js' {
  interface BaseOptimizerConfigs {
    'exponential-moving-average': WrapperConfig<typeof movingOptions>;
    'stochastic-weight-average': WrapperConfig<typeof windowOptions>;
    'latest-weight-average': WrapperConfig<typeof latestOptions>;
  }
}

const SUM = 'sum';
const WEIGHT = 'weight';

/** The sum of what was taken in, and the weight that it is divided by. */
interface Sum {
  readonly sum: tf.Tensor;
  readonly weight: tf.Tensor;
}

/** The ways of keeping results. */
interface Memory {
  readonly keys: readonly string[];
  /** Takes in the variables. @param turn - How many updates were to be taken in before. */
  take(slots: SlotStore, variables: readonly tf.Variable[], turn: number): void;
  /** The sum of each variable; undefined for those of which nothing is kept. */
  sums(slots: SlotStore, variables: readonly tf.Variable[]): (Sum | undefined)[];
}

interface Averaging extends Memory {
  readonly name: string;
  readonly owner: string;
}

/** An optimizer that averages the weights that it passes through, and can put the average in their place. */
export class AveragingOptimizer extends WrappedOptimizer {
  readonly #sums: SlotStore;
  readonly #averaging: Averaging;
  /** The weights that averages have taken the place of. */
  readonly #trained: Map<tf.Variable, tf.Tensor>;

  /** @ignore Made by `exponentialMovingAverage`, `stochasticWeightAverage` and `latestWeightAverage`. */
  constructor(
    base: tf.Optimizer,
    averaging: Averaging,
    options: Checked<typeof averagingOptions> & { readonly end?: number | undefined },
  ) {
    const [slots, trained] = [new SlotStore(averaging.keys), new Map<tf.Variable, tf.Tensor>()];
    const { start, every, end = Number.POSITIVE_INFINITY } = options;
    super(base, {
      name: averaging.name,
      owner: averaging.owner,
      options: () => ({ ...options }),
      slots,
      before: () => requireTrained(averaging.owner, trained, 'an update'),
      after: ({ step, updated }) => {
        const turn = (step - start) / every;
        if (turn < 0 || step > end || !Number.isInteger(turn)) return;
        const variables = updated.map(({ variable }) => variable);
        slots.settle(variables);
        averaging.take(slots, variables, turn);
      },
    });
    this.#sums = slots;
    this.#trained = trained;
    this.#averaging = averaging;
  }

  /**
   * Puts the averages in the weights' place, until `restore`. Variables without an average keep their values.
   *
   * @param variables - Default every trainable variable.
   * @throws Error when they are in place already, or a restored state is of other variables.
   */
  swap(variables?: readonly tf.Variable[]): void {
    requireTrained(this.#averaging.owner, this.#trained, 'swap');
    const all = variables ?? Object.values(tf.engine().registeredVariables).filter((v) => v.trainable);
    tf.tidy(() => {
      for (const [i, found] of this.#averaging.sums(this.#sums, all).entries()) {
        if (!found) continue;
        const [variable, { sum, weight }] = [all[i]!, found];
        this.#trained.set(variable, tf.keep(tf.clone(variable)));
        // The weight is zero where every update so far was skipped.
        variable.assign(tf.where(tf.greater(weight, 0), tf.div(sum, weight), variable));
      }
    });
  }

  /** Puts the trained weights back, bit for bit. Does nothing where they are in place. */
  restore(): void {
    for (const [variable, trained] of this.#trained) {
      if (!variable.isDisposed) variable.assign(trained);
      trained.dispose();
    }
    this.#trained.clear();
  }

  /**
   * Runs `f` with the averages in place and puts the trained weights back, also when it throws.
   *
   * @param f - May be asynchronous; no training may happen meanwhile.
   * @param variables - As `swap`.
   * @example await optimizer.withAverages(async () => model.evaluate(x, y))
   */
  withAverages<T>(f: () => T, variables?: readonly tf.Variable[]): T {
    this.swap(variables);
    let result: T;
    try {
      result = f();
    } catch (error) {
      this.restore();
      throw error;
    }
    if (result instanceof Promise) return result.finally(() => this.restore()) as T;
    this.restore();
    return result;
  }

  /** @ignore @throws Error while the averages are in place: the state is of the trained weights. */
  override savedParts(): Part[] {
    requireTrained(this.#averaging.owner, this.#trained, 'saving');
    return super.savedParts();
  }

  /** @ignore */
  override async stageState(weights: readonly NamedTensor[]): Promise<Commit> {
    requireTrained(this.#averaging.owner, this.#trained, 'restoring a state');
    return super.stageState(weights);
  }

  /** Disposes averages and base. Weights that are swapped in stay: the training may end with them. */
  override dispose(): void {
    tf.dispose([...this.#trained.values()]);
    this.#trained.clear();
    super.dispose();
  }
}

function requireTrained(owner: string, trained: ReadonlyMap<unknown, unknown>, what: string): void {
  if (trained.size === 0) return;
  throw new Error(
    `${owner}: expected the trained weights to be in place for ${what}, got the averages. Call restore() first.`,
  );
}

/** sum ← keep · sum + share · θ, and the same for the weight. */
function running(keep: number, share: number): Memory {
  return {
    keys: [SUM, WEIGHT],
    take(slots, variables) {
      const sums = slots.findEach(SUM, variables);
      const weights = slots.findEach(WEIGHT, variables);
      for (const [i, variable] of variables.entries()) {
        const plus = (old: tf.Tensor | undefined, value: tf.Tensor | number) => {
          const added = tf.mul(value, share) as tf.Tensor;
          return old ? tf.add(tf.mul(old, keep), added) : added;
        };
        slots.assign(SUM, variable.name, plus(sums[i], variable));
        slots.assign(WEIGHT, variable.name, plus(weights[i], 1));
      }
    },
    sums(slots, variables) {
      const [sums, weights] = [slots.findEach(SUM, variables), slots.findEach(WEIGHT, variables)];
      return sums.map((sum, i) => (sum && weights[i] ? { sum, weight: weights[i] } : undefined));
    },
  };
}

/** The last `size` results, in turn. A place whose update was skipped keeps what it held; its flag says whether it held any. */
function ring(size: number): Memory {
  const places = Array.from({ length: size }, (_, i) => ({ value: `value-${i}`, flag: `flag-${i}` }));
  return {
    keys: places.flatMap(({ value, flag }) => [value, flag]),
    take(slots, variables, turn) {
      const current = turn % size;
      for (const [place, { value, flag }] of places.entries()) {
        const known = slots.findEach(value, variables);
        for (const [i, variable] of variables.entries()) {
          // All places exist from the first on: a saved state has all slots of every variable.
          if (place !== current && known[i]) continue;
          slots.assign(value, variable.name, place === current ? variable : tf.zerosLike(variable));
          slots.assign(flag, variable.name, tf.scalar(place === current ? 1 : 0));
        }
      }
    },
    sums(slots, variables) {
      const values = places.map(({ value }) => slots.findEach(value, variables));
      const flags = places.map(({ flag }) => slots.findEach(flag, variables));
      const total = (of: readonly (tf.Tensor | undefined)[]) => tf.addN(of as tf.Tensor[]);
      return variables.map((_, i) =>
        values.every((each) => each[i])
          ? { sum: total(values.map((each) => each[i])), weight: total(flags.map((each) => each[i])) }
          : undefined,
      );
    },
  };
}

const moving = definePart({
  kind: 'base-optimizer',
  name: 'exponential-moving-average',
  owner: 'exponentialMovingAverage',
  doc: 'Any optimizer, and a moving average of the weights',
  source: 'Polyak and Juditsky 1992',
  options: { ...movingOptions, ...wrappedBase },
  create: ({ base, ...options }) => {
    const { decay } = options;
    const name = 'exponential-moving-average';
    const averaging = { name, owner: 'exponentialMovingAverage', ...running(decay, 1 - decay) };
    return new AveragingOptimizer(base, averaging, options);
  },
});

const mean = definePart({
  kind: 'base-optimizer',
  name: 'stochastic-weight-average',
  owner: 'stochasticWeightAverage',
  doc: 'Any optimizer, and the mean of the weights',
  source: 'Izmailov et al. 2018, arXiv 1803.05407',
  options: { ...windowOptions, ...wrappedBase },
  create: ({ base, ...options }) => {
    const { start, end } = options;
    if (end !== undefined && end < start)
      throw new RangeError(`stochasticWeightAverage: expected end >= start, got ${end} < ${start}`);
    const name = 'stochastic-weight-average';
    const averaging = { name, owner: 'stochasticWeightAverage', ...running(1, 1) };
    return new AveragingOptimizer(base, averaging, options);
  },
});

const latest = definePart({
  kind: 'base-optimizer',
  name: 'latest-weight-average',
  owner: 'latestWeightAverage',
  doc: 'Any optimizer, and the mean of its latest weights: LAWA',
  source: 'Kaddour 2022, arXiv 2209.14981',
  options: { ...latestOptions, ...wrappedBase },
  create: ({ base, ...options }) => {
    const name = 'latest-weight-average';
    const averaging = { name, owner: 'latestWeightAverage', ...ring(options.size) };
    return new AveragingOptimizer(base, averaging, options);
  },
});

/**
 * An exponential moving average of the weights beside any optimizer: smoother than the weights themselves, for
 * evaluation and for the end of the training.
 *
 *   average after n updates = (1−d) Σᵢ dⁿ⁻ⁱ θᵢ / (1 − dⁿ)
 *
 * The sum starts at zero and the division makes the shares add up to 1: the initial weights have none. Batch
 * normalisation's running statistics are not averaged; they belong to the trained weights.
 *
 * @throws RangeError for a number out of its range; TypeError when `base` is no optimizer.
 * @see Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging"; the division as in
 *   Kingma and Ba 2015, section 3. https://arxiv.org/abs/1412.6980
 * @example
 * const optimizer = exponentialMovingAverage(msam(tf.train.adam(1e-3)), { decay: 0.99 });
 * model.compile({ optimizer, loss: 'meanSquaredError' });
 * await model.fit(x, y);
 * await optimizer.withAverages(async () => model.evaluate(x, y));
 */
export const exponentialMovingAverage: ((
  base: tf.Optimizer,
  options?: ExponentialMovingAverageOptions,
) => AveragingOptimizer) &
  Declaring<'base-optimizer'> = declared(
  moving.part,
  (base: tf.Optimizer, options: ExponentialMovingAverageOptions = {}) => moving({ ...options, base }),
);

/**
 * The plain mean of the weights after update `start`, and after every `every`th from there on, up to `end`: over a window of
 * all updates it is SWAD's average (Cha et al. 2021, https://arxiv.org/abs/2102.08604), of a window that is known. Where the model
 * normalises batches, its running statistics are those of the trained weights: run a few batches in training mode
 * with the averages in place before relying on them.
 *
 * @throws RangeError for a number out of its range; TypeError when `base` is no optimizer.
 * @see Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization", algorithm 1.
 *   https://arxiv.org/abs/1803.05407
 */
export const stochasticWeightAverage: ((
  base: tf.Optimizer,
  options?: AveragingOptions,
) => AveragingOptimizer) &
  Declaring<'base-optimizer'> = declared(mean.part, (base: tf.Optimizer, options: AveragingOptions = {}) =>
  mean({ ...options, base }),
);

/**
 * LAWA: the plain mean of the weights at the last `size` of every `every`th update, early weights being forgotten. Running
 * statistics of batch normalisation are as in `stochasticWeightAverage`.
 *
 * @throws RangeError for a number out of its range; TypeError when `base` is no optimizer.
 * @see Kaddour 2022, "Stop Wasting My Time! Saving Days of ImageNet and BERT Training with Latest Weight Averaging".
 *   https://arxiv.org/abs/2209.14981
 * @example latestWeightAverage(sam(sgd({ learningRate: 0.1 })), { every: stepsPerEpoch })
 */
export const latestWeightAverage: ((
  base: tf.Optimizer,
  options: LatestWeightAverageOptions,
) => AveragingOptimizer) &
  Declaring<'base-optimizer'> = declared(
  latest.part,
  (base: tf.Optimizer, options: LatestWeightAverageOptions) => latest({ ...options, base }),
);
