import * as tf from '@tensorflow/tfjs-core';
import type { ParamVector } from '../algebra/vector.js';
import { toConfig } from '../declare/config.js';
import { explaining } from '../engine/diagnosis.js';
import { referenceTo } from '../engine/reference.js';
import { freeConstants } from '../engine/tfjs-constants.js';
import { undoneOnThrow } from '../engine/transaction.js';
import type { MinimizeOverOptions } from '../oracle/micro-batches.js';
import type { AnyLossClosure, LossClosure } from '../oracle/objective.js';
import { type NamedTensor, SlotStore } from '../oracle/slots.js';
import { StepCounts } from '../oracle/step-counts.js';
import { listOf, type Variables } from '../oracle/variables.js';
import { type BaseView, learningRateFor, viewBase } from './base-view.js';
import { countOf } from './count.js';
import { aheadOfStep, setLearningRate } from './learning-rate.js';
import { type Commit, joined, type Part, prefixed, prefixedNames } from './parts.js';
import { requireGradients } from './require-gradients.js';
import { withAddition } from './skipping.js';
import { configOfBase } from './tfjs.js';
import { optimizerFromConfig } from './tfjs-config.js';
import { arrangeBeforeUpdates } from './tfjs-weights.js';
import { partsOf } from './weights.js';
import type { MaybeGradient, Wrapping } from './wrapping.js';

const OWN = 'wrapper/';
const BASE = 'base/';

/**
 * Any `tf.Optimizer` with something added: a complete `tf.Optimizer`, to be used alone, as the base of a
 * sharpness-aware optimizer, or around one. It counts the base's steps, and is disposed together with it.
 */
export class WrappedOptimizer extends tf.Optimizer implements BaseView {
  /** @ignore */
  static readonly className = 'TfjsSamWrapper';
  /** The optimizer that is wrapped. */
  readonly base: tf.Optimizer;
  readonly #wrapping: Wrapping;
  readonly #slots: SlotStore;
  readonly #counts: StepCounts;

  /** @ignore Made by the functions that wrap. */
  constructor(base: tf.Optimizer, wrapping: Wrapping) {
    super();
    if (typeof base?.applyGradients !== 'function') {
      throw new TypeError(
        `${wrapping.owner}: expected base to be a tf.Optimizer, got ${base}. For example: tf.train.adam(1e-3)`,
      );
    }
    if (wrapping.gradients) requireGradients(wrapping.owner, base);
    // Of two models in turn, TensorFlow.js's optimizers would give one the other's slots.
    arrangeBeforeUpdates(base);
    freeConstants(base);
    this.base = base;
    this.#wrapping = wrapping;
    this.#slots = wrapping.slots ?? new SlotStore([]);
    this.#counts = new StepCounts(this.#slots);
  }

  /** The learning rate of the next update; assigning changes it from the next update on. */
  get learningRate(): number {
    return this.#wrapping.learningRate?.at(this.iterations) ?? viewBase(this.base).learningRate;
  }

  set learningRate(value: number) {
    this.setLearningRate(value);
  }

  /** See `BaseView`. */
  learningRateOf(variables: readonly tf.Variable[]): number {
    const step = this.#counts.of(variables, this.iterations);
    return this.#wrapping.learningRate?.at(step) ?? learningRateFor(this.base, variables);
  }

  /** Changes the base's learning rate, or replaces the schedule that sets it: from a `tf.Callback`, for instance. */
  setLearningRate(value: number): void {
    if (this.#wrapping.learningRate) this.#wrapping.learningRate.set(value);
    else setLearningRate(this.base, value);
  }

  /** The base's momentum factor, 0 where it has none. */
  get momentum(): number {
    return viewBase(this.base).momentum;
  }

  /** The base's coupled weight decay, 0 where it has none. */
  get weightDecay(): number {
    return viewBase(this.base).weightDecay;
  }

  /** The base's momentum buffers: see `BaseView`. */
  momentumBuffer(variables: readonly tf.Variable[]): ParamVector | undefined {
    return viewBase(this.base).momentumBuffer(variables);
  }

  /** The base's moving average of the gradient: see `BaseView`. */
  firstMoment(variables: readonly tf.Variable[]): ParamVector | undefined {
    return viewBase(this.base).firstMoment(variables);
  }

  /** The base's moving average of the gradient's square: see `BaseView`. */
  secondMoment(variables: readonly tf.Variable[]): ParamVector | undefined {
    return viewBase(this.base).secondMoment(variables);
  }

  /** One step: the base's own `minimize` (a sharpness-aware base evaluates as it does alone), and the addition. */
  override minimize(loss: AnyLossClosure, returnCost = false, varList?: Variables): tf.Scalar | null {
    // The base knows what to make of a vector.
    const f = loss as LossClosure;
    const { owner, gradients } = this.#wrapping;
    const list = varList && listOf(owner, varList);
    if (!gradients) {
      const update = () => this.base.minimize(f, returnCost, list);
      return this.#around(list ?? trainables(), () => explaining(f, update));
    }
    // TensorFlow.js's own way, by computeGradients and applyGradients.
    const cost = tf.tidy(() => super.minimize(f, true, list)!);
    if (returnCost) return cost;
    cost.dispose();
    return null;
  }

  /** The base's gradients (or direction), as they are before the wrapper changes them. */
  override computeGradients(
    loss: AnyLossClosure,
    varList?: tf.Variable[],
  ): ReturnType<tf.Optimizer['computeGradients']> {
    const f = loss as LossClosure;
    return explaining(f, () => this.base.computeGradients(f, varList));
  }

  /** The step of a sharpness-aware base over several micro-batches: see `SharpnessAwareOptimizer`. */
  minimizeOver(closures: readonly AnyLossClosure[], options: MinimizeOverOptions = {}): tf.Scalar | null {
    const { owner, gradients } = this.#wrapping;
    const base = this.base as tf.Optimizer & { minimizeOver?: WrappedOptimizer['minimizeOver'] };
    if (typeof base.minimizeOver !== 'function') {
      throw new TypeError(
        `${owner}: expected a sharpness-aware base for minimizeOver, got another optimizer`,
      );
    }
    if (gradients) {
      throw new Error(
        `${owner}: expected to be the base of the sharpness-aware optimizer for minimizeOver, got it the other way round`,
      );
    }
    const { varList } = options;
    return this.#around(varList ? listOf(owner, varList) : trainables(), () =>
      base.minimizeOver!(closures, options),
    );
  }

  /** Hands the gradients to the base, which counts the step. */
  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    const entries: { name: string; tensor: MaybeGradient | undefined }[] = Array.isArray(gradients)
      ? gradients
      : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    const registered = tf.engine().registeredVariables;
    const variables = entries.flatMap(({ name, tensor }) => (tensor && registered[name]) || []);
    tf.tidy(() => {
      const given = entries.map(({ tensor }) => tensor ?? null);
      const changed = this.#wrapping.gradients?.(given) ?? given;
      const handed = entries.map(({ name }, i) => ({ name, tensor: changed[i]! }));
      this.#around(variables, () => this.base.applyGradients(handed));
    });
  }

  #around<T>(candidates: readonly tf.Variable[], update: () => T): T {
    const { before, after } = this.#wrapping;
    const { iterations } = this;
    const distinct = [...new Set(candidates)];
    const [step, learningRate] = [this.#counts.of(distinct, iterations), this.learningRateOf(distinct)];
    before?.(this.base, step);
    if (!after) {
      const result = update();
      this.#counts.advance(distinct, iterations);
      return result;
    }
    const saved = distinct.map((variable) => ({ variable, before: referenceTo(variable) }));
    try {
      return undoneOnThrow(this.base, () =>
        withAddition(update, () => {
          // A variable that the loss does not reach keeps its data; SAM's second pass puts the very same back.
          const updated = saved.filter(({ variable, before }) => variable.dataId !== before.dataId);
          tf.tidy(() => after({ updated, learningRate, step }));
          this.#counts.advance(
            updated.map(({ variable }) => variable),
            iterations,
          );
        }),
      );
    } finally {
      for (const { before } of saved) before.dispose();
    }
  }

  /** The step count, the wrapper's state and the base's, as named tensors. */
  override async getWeights(): Promise<NamedTensor[]> {
    return joined(this.savedParts());
  }

  /** Restores what `getWeights` gave. The tensors stay the caller's. @throws Error on another's; nothing changed. */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    await (await this.stageState(weights))();
  }

  /** @ignore */
  savedParts(): Part[] {
    const base = prefixed(BASE, partsOf(this.base));
    return [[countOf(this), ...prefixedNames(OWN, this.#slots.named())], ...base];
  }

  /** @ignore */
  async stageState(weights: readonly NamedTensor[]): Promise<Commit> {
    const { owner } = this.#wrapping;
    const { byPrefix, stageSlots, stageWeights, takeCount } = await import('./restoring.js');
    const { count, rest } = await takeCount(owner, weights);
    const [own, inner] = byPrefix(owner, [OWN, BASE], rest);
    const [commit, commitBase] = [stageSlots(this.#slots, own!), await stageWeights(this.base, inner!)];
    return async () => {
      await commitBase();
      commit();
      await this.#counts.restored(count);
    };
  }

  /** `{ name, …options, base }` in plain JSON. */
  override getConfig(): tf.serialization.ConfigDict {
    const { name, options, learningRate } = this.#wrapping;
    // A scheduled rate reaches the base before each update: the configuration has the one of the update to come.
    if (learningRate) aheadOfStep(() => setLearningRate(this.base, this.learningRate));
    return { name, ...toConfig(options()), base: configOfBase(this.base) } as tf.serialization.ConfigDict;
  }

  /** Makes an optimizer from `getConfig`'s result. */
  static override fromConfig<T extends tf.serialization.Serializable>(
    _cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return optimizerFromConfig(String(config.name), config) as unknown as T;
  }

  /** Disposes the wrapper's state and the base. */
  override dispose(): void {
    this.#slots.dispose();
    this.base.dispose();
  }
}

// The count is the base's: what restores or undoes one restores both. The field is TensorFlow.js's, so an accessor
// can take its place on the prototype only.
Object.defineProperty(WrappedOptimizer.prototype, 'iterations_', {
  get(this: { base: { iterations_?: number } }) {
    return this.base.iterations_;
  },
  set(this: { base: { iterations_?: number } }, value: number) {
    this.base.iterations_ = value;
  },
});

tf.serialization.registerClass(WrappedOptimizer);

function trainables(): tf.Variable[] {
  return Object.values(tf.engine().registeredVariables).filter(({ trainable }) => trainable);
}
