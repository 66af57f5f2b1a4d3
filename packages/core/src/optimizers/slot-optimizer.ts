import * as tf from '@tensorflow/tfjs-core';
import type { ParamVector } from '../algebra/vector.js';
import { toConfig } from '../declare/config.js';
import { requireSchedule } from '../declare/errors.js';
import { nonNegativeAt, type Schedule } from '../declare/schedules/schedule.js';
import { explaining } from '../engine/diagnosis.js';
import { type NamedTensor, SlotStore } from '../oracle/slots.js';
import { StepCounts } from '../oracle/step-counts.js';
import type { BaseView } from './base-view.js';
import { countOf, setCount } from './count.js';
import { pairGradients, type VariableGradient } from './gradients.js';
import { type Commit, joined, type Part } from './parts.js';
import { optimizerFromConfig } from './tfjs-config.js';

/** A class of optimizers, as `fromConfig` sees it. */
interface SlotOptimizerClass {
  readonly configName: string;
}

/**
 * The common part of core's own base optimizers: a learning rate that may be a schedule, and memory in slots, keyed
 * by variable name and restored exactly.
 */
export abstract class SlotOptimizer extends tf.Optimizer implements BaseView {
  /** @ignore The name in configurations and messages. */
  static readonly configName: string;
  /** @ignore What is remembered of each variable. */
  protected readonly slots: SlotStore;
  readonly #owner: string;
  readonly #given: object;
  readonly #counts: StepCounts;
  #learningRate: Schedule;

  /** @ignore Made by the functions `sgd`, `adamw`, `lion` and `muon`. */
  protected constructor(owner: string, given: object, learningRate: Schedule, keys: readonly string[]) {
    super();
    this.slots = new SlotStore(keys);
    this.#counts = new StepCounts(this.slots);
    this.#owner = owner;
    this.#given = given;
    this.#learningRate = learningRate;
  }

  /** @ignore The update of the variables that have a gradient, run in a tidy. */
  protected abstract update(pairs: readonly VariableGradient[], learningRate: number): void;

  /** The learning rate of the next update. Assigning replaces the schedule. */
  get learningRate(): number {
    return this.#rateAt(this.iterations);
  }

  set learningRate(value: number) {
    this.setLearningRate(value);
  }

  /** See `BaseView`. */
  learningRateOf(variables: readonly tf.Variable[]): number {
    return this.#rateAt(this.#counts.of(variables, this.iterations));
  }

  #rateAt(step: number): number {
    return nonNegativeAt(this.#owner, 'learningRate', this.#learningRate, step);
  }

  /** Replaces the learning rate, or its schedule. @throws RangeError, TypeError as the constructor. */
  setLearningRate(learningRate: Schedule): void {
    requireSchedule(this.#owner, 'learningRate', learningRate);
    this.#learningRate = learningRate;
  }

  /** One step, as TensorFlow.js's own; where it throws, its tensors are freed. */
  override minimize(f: () => tf.Scalar, returnCost = false, varList?: tf.Variable[]): tf.Scalar | null {
    const loss = tf.tidy(() => super.minimize(f, true, varList)!);
    if (returnCost) return loss;
    loss.dispose();
    return null;
  }

  /**
   * Updates the variables that have a gradient, and counts the step.
   *
   * @throws RangeError when the schedule of the learning rate gives a negative or non-finite number; Error when a
   *   restored state is of other variables. Then nothing changed.
   */
  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    const pairs = pairGradients(this.#owner, gradients);
    const variables = pairs.map(({ variable }) => variable);
    const learningRate = this.learningRateOf(variables);
    this.slots.settle(variables);
    tf.tidy(() => this.update(pairs, learningRate));
    this.#counts.advance(variables, this.iterations);
    this.incrementIterations();
  }

  /** As TensorFlow.js's own; the error about a kernel that the backend lacks names the layer. */
  override computeGradients(
    f: () => tf.Scalar,
    varList?: tf.Variable[],
  ): ReturnType<tf.Optimizer['computeGradients']> {
    return explaining(f, () => super.computeGradients(f, varList));
  }

  /** @ignore The memory of each variable under a key, zero where it has none yet. */
  protected slotsOf(key: string, pairs: readonly VariableGradient[]): tf.Tensor[] {
    const variables = pairs.map(({ variable }) => variable);
    const found = this.slots.findEach(key, variables);
    return found.map((slot, i) => slot ?? tf.zerosLike(variables[i]!));
  }

  /** @ignore As `slotsOf`, undefined where no variable has any. */
  protected memoryOf(key: string, variables: readonly tf.Variable[]): ParamVector | undefined {
    const found = this.slots.findEach(key, variables);
    if (found.every((slot) => slot === undefined)) return undefined;
    return found.map((slot, i) => slot ?? tf.zerosLike(variables[i]!));
  }

  /** The momentum factor of SGD, 0 for all others. */
  readonly momentum: number = 0;
  /** Coupled weight decay of SGD, 0 for all others: see `BaseView`. */
  readonly weightDecay: number = 0;

  /** See `BaseView`. */
  momentumBuffer(_variables: readonly tf.Variable[]): ParamVector | undefined {
    return undefined;
  }

  /** See `BaseView`. */
  firstMoment(variables: readonly tf.Variable[]): ParamVector | undefined {
    return this.momentumBuffer(variables);
  }

  /** See `BaseView`. */
  secondMoment(_variables: readonly tf.Variable[]): ParamVector | undefined {
    return undefined;
  }

  /** The step count and the slots, as named tensors; the slots' stay the optimizer's. */
  override async getWeights(): Promise<NamedTensor[]> {
    return joined(this.savedParts());
  }

  /** Restores what `getWeights` gave. The tensors stay the caller's. @throws Error on another's; nothing changed. */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    await (await this.stageState(weights))();
  }

  /** @ignore */
  savedParts(): Part[] {
    return [[countOf(this), ...this.slots.named()]];
  }

  /** @ignore */
  async stageState(weights: readonly NamedTensor[]): Promise<Commit> {
    const { stageSlots, takeCount } = await import('./restoring.js');
    const { count, rest } = await takeCount(this.#owner, weights);
    const commit = stageSlots(this.slots, rest);
    return async () => {
      commit();
      await this.#counts.restored(count);
      setCount(this, count);
    };
  }

  /** The options given, in plain JSON. */
  override getConfig(): tf.serialization.ConfigDict {
    return toConfig({ ...this.#given, learningRate: this.#learningRate }) as tf.serialization.ConfigDict;
  }

  /** Makes an optimizer from `getConfig`'s result. */
  static override fromConfig<T extends tf.serialization.Serializable>(
    type: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return optimizerFromConfig((type as unknown as SlotOptimizerClass).configName, config) as unknown as T;
  }

  /** Disposes the slots. */
  override dispose(): void {
    this.slots.dispose();
  }
}
