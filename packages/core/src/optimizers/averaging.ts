import * as tf from '@tensorflow/tfjs-core';
import { type Checked, integer, number, type OptionsOf } from '../declare/option.js';
import { type Declaring, declared, definePart } from '../declare/part.js';
import { type NamedTensor, SlotStore } from '../oracle/state.js';
import type { Commit, Part } from './weights.js';
import { WrappedOptimizer } from './wrapped.js';
import { type WrapperConfig, wrappedBase } from './wrapped-base.js';
import type { Update } from './wrapping.js';

const averagingOptions = {
  start: integer({ min: 0, default: 0, doc: 'Number of the first update whose result is taken in' }),
  every: integer({ min: 1, default: 1, unit: 'updates', doc: 'Updates from one taken in to the next' }),
};
const movingOptions = {
  decay: number({ min: 0, below: 1, default: 0.999, doc: 'Share d of the old average in the new one' }),
  ...averagingOptions,
};

/** Which updates an average takes in. */
export interface AveragingOptions extends OptionsOf<typeof averagingOptions> {}

/** Options of `exponentialMovingAverage`. */
export interface ExponentialMovingAverageOptions extends OptionsOf<typeof movingOptions> {}

declare module '../kinds.js' {
  interface BaseOptimizerConfigs {
    'exponential-moving-average': WrapperConfig<typeof movingOptions>;
    'stochastic-weight-average': WrapperConfig<typeof averagingOptions>;
  }
}

const [SUM, WEIGHT] = ['sum', 'weight'];
/** An average: sum ← keep · sum + share · θ, and the same for the weight that the sum is divided by. */
interface Averaging {
  readonly name: string;
  readonly owner: string;
  readonly keep: number;
  readonly share: number;
}

/** An optimizer that averages the weights that it passes through, and can put the average in their place. */
export class AveragingOptimizer extends WrappedOptimizer {
  readonly #sums: SlotStore;
  readonly #owner: string;
  /** The weights that averages have taken the place of. */
  readonly #trained: Map<tf.Variable, tf.Tensor>;

  /** @ignore Made by `exponentialMovingAverage` and `stochasticWeightAverage`. */
  constructor(base: tf.Optimizer, averaging: Averaging, options: Checked<typeof averagingOptions>) {
    const [slots, trained] = [new SlotStore([SUM!, WEIGHT!]), new Map<tf.Variable, tf.Tensor>()];
    const { start, every } = options;
    super(base, {
      name: averaging.name,
      owner: averaging.owner,
      options: () => ({ ...options }),
      slots,
      before: () => requireTrained(averaging.owner, trained, 'an update'),
      after: (update) => {
        if (update.step >= start && (update.step - start) % every === 0) accumulate(slots, averaging, update);
      },
    });
    this.#sums = slots;
    this.#trained = trained;
    this.#owner = averaging.owner;
  }

  /**
   * Puts the averages in the weights' place, until `restore`. Variables without an average keep their values.
   *
   * @param variables - Default every trainable variable.
   * @throws Error when they are in place already, or a restored state is of other variables.
   */
  swap(variables?: readonly tf.Variable[]): void {
    requireTrained(this.#owner, this.#trained, 'swap');
    const all = variables ?? Object.values(tf.engine().registeredVariables).filter((v) => v.trainable);
    const [sums, weights] = [this.#sums.findEach(SUM!, all), this.#sums.findEach(WEIGHT!, all)];
    for (const [i, variable] of all.entries()) {
      const [sum, weight] = [sums[i], weights[i]];
      if (!sum || !weight) continue;
      this.#trained.set(variable, tf.keep(tf.clone(variable)));
      // The weight is zero where every update so far was skipped.
      tf.tidy(() => variable.assign(tf.where(tf.greater(weight, 0), tf.div(sum, weight), variable)));
    }
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
    requireTrained(this.#owner, this.#trained, 'saving');
    return super.savedParts();
  }

  /** @ignore */
  override async stageState(weights: readonly NamedTensor[]): Promise<Commit> {
    requireTrained(this.#owner, this.#trained, 'restoring a state');
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

function accumulate(slots: SlotStore, { keep, share }: Averaging, { updated }: Update): void {
  const variables = updated.map(({ variable }) => variable);
  slots.settle(variables);
  const sums = slots.findEach(SUM!, variables);
  const weights = slots.findEach(WEIGHT!, variables);
  for (const [i, variable] of variables.entries()) {
    const plus = (old: tf.Tensor | undefined, value: tf.Tensor | number) => {
      const added = tf.mul(value, share) as tf.Tensor;
      return old ? tf.add(tf.mul(old, keep), added) : added;
    };
    slots.assign(SUM!, variable.name, plus(sums[i], variable));
    slots.assign(WEIGHT!, variable.name, plus(weights[i], 1));
  }
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
    const averaging = { name, owner: 'exponentialMovingAverage', keep: decay, share: 1 - decay };
    return new AveragingOptimizer(base, averaging, options);
  },
});

const mean = definePart({
  kind: 'base-optimizer',
  name: 'stochastic-weight-average',
  owner: 'stochasticWeightAverage',
  doc: 'Any optimizer, and the mean of the weights',
  source: 'Izmailov et al. 2018, arXiv 1803.05407',
  options: { ...averagingOptions, ...wrappedBase },
  create: ({ base, ...options }) => {
    const name = 'stochastic-weight-average';
    const averaging = { name, owner: 'stochasticWeightAverage', keep: 1, share: 1 };
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
 * The plain mean of the weights after update `start`, and after every `every`th from there on. Where the model
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
