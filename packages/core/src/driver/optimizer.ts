import * as tf from '@tensorflow/tfjs-core';
import { add, choose, norm, type ParamVector, scale } from '../algebra/vector.js';
import { complete } from '../declare/check.js';
import { createFromConfig, type NamedConfig } from '../declare/config.js';
import { requireOneOf } from '../declare/errors.js';
import { viewBase } from '../engine/base-view.js';
import { VariableSnapshot } from '../engine/snapshot.js';
import { countOf, setCount, takeCount } from '../optimizers/count.js';
import { configOfBase } from '../optimizers/tfjs.js';
import {
  byPrefix,
  type Commit,
  type Part,
  partsOf,
  prefixed,
  prefixedNames,
  stageWeights,
  weightsOf,
} from '../optimizers/weights.js';
import type { MinimizeOverOptions } from '../oracle/micro-batches.js';
import type { AnyLossClosure } from '../oracle/objective.js';
import { reportStep, type StepListener } from '../oracle/report.js';
import { type NamedTensor, SlotStore, StagedState } from '../oracle/state.js';
import { StepOracle } from '../oracle/step-oracle.js';
import type { RuleStep, SharpnessRule } from '../rules/rule.js';
import { type DirectionEntry, updateBase } from './base-update.js';
import { VariableGroups } from './groups.js';
import { type DriverOptions, driverOptions } from './options.js';

const [RULE, BASE] = ['rule/', 'base/'];

/**
 * Joins a sharpness rule to a base optimizer: a complete `tf.Optimizer`, for `model.compile` and `minimize`.
 *
 * `minimize` and `computeGradients` evaluate the loss closure as often as the rule needs, with the weights moved
 * and put back bit for bit; the base optimizer then receives the rule's direction in place of the gradient.
 */
export class SharpnessAwareOptimizer extends tf.Optimizer {
  /** @ignore */
  static readonly className = 'SharpnessAwareOptimizer';
  /** The optimizer that consumes the direction. It is disposed with this one. */
  readonly base: tf.Optimizer;
  /** What is asked of the oracle, and what is made of it. */
  readonly rule: SharpnessRule;
  readonly #onNonFinite: 'pass' | 'skip';
  readonly #groups: VariableGroups;
  readonly #randomSeed: number | undefined;
  readonly #listeners: readonly StepListener[];
  readonly #reportEvery: number;
  readonly #config: NamedConfig;
  readonly #slots = new SlotStore();

  /**
   * @param config - What `getConfig` says of the rule: a variant's name and the options given to it.
   * @throws TypeError when base or rule is not of its kind; RangeError for an unknown `onNonFinite`.
   */
  constructor(
    base: tf.Optimizer,
    rule: SharpnessRule,
    options: DriverOptions = {},
    config: NamedConfig = { name: 'custom' },
  ) {
    super();
    if (typeof base?.applyGradients !== 'function') {
      throw new TypeError(
        `${config.name}: expected base to be a tf.Optimizer, got ${base}. For example: tf.train.momentum(0.05, 0.9)`,
      );
    }
    if (typeof rule?.direction !== 'function') {
      throw new TypeError(`${config.name}: expected a rule with a method "direction", got ${rule}`);
    }
    const checked = complete(config.name, driverOptions, options);
    const { onNonFinite, groups = [], randomSeed, onStep = [], reportEvery } = checked;
    this.base = base;
    this.rule = rule;
    this.#onNonFinite = onNonFinite;
    this.#groups = new VariableGroups(config.name, groups);
    this.#randomSeed = randomSeed;
    this.#listeners = typeof onStep === 'function' ? [onStep] : onStep;
    this.#reportEvery = reportEvery;
    this.#config = options.onNonFinite === undefined ? config : { ...config, onNonFinite };
  }

  /** The base optimizer's learning rate; assigning changes it from the next step on. */
  get learningRate(): number {
    return viewBase(this.base).learningRate;
  }

  set learningRate(value: number) {
    this.setLearningRate(value);
  }

  /** Changes the base optimizer's learning rate, from a `tf.Callback` for instance. */
  setLearningRate(value: number): void {
    const base = this.base as unknown as { setLearningRate?(value: number): void; learningRate: number };
    if (typeof base.setLearningRate === 'function') base.setLearningRate(value);
    else base.learningRate = value;
  }

  /**
   * One step: evaluates the loss as often as the rule needs, and updates the variables.
   *
   * @param f - The loss, a Scalar, or the losses of the examples, [batch]; told the objective that is wanted, which it
   *   may ignore.
   * @param returnCost - Whether to return the loss. Default false.
   * @param varList - What to train. Default every trainable variable that the loss reaches.
   * @throws Whatever `f` throws; then weights, base optimizer and rule are as before, and nothing leaks.
   */
  override minimize(f: AnyLossClosure, returnCost = false, varList?: tf.Variable[]): tf.Scalar | null {
    const loss = this.#step(f, varList, (oracle, state, step) => {
      this.#apply(oracle, state, step);
      return step.loss;
    });
    if (returnCost) return loss;
    loss.dispose();
    return null;
  }

  /**
   * The sharpness-aware direction in the gradient's place, so that accumulation and clipping work around it.
   *
   * @returns The loss and one tensor per variable that the loss reaches, keyed by name. The caller disposes them.
   */
  override computeGradients(
    f: AnyLossClosure,
    varList?: tf.Variable[],
  ): { value: tf.Scalar; grads: tf.NamedTensorMap } {
    return this.#step(f, varList, (oracle, state, { loss, direction, correction }) => {
      if (correction) {
        throw new Error(
          `${this.#config.name}: expected minimize, got computeGradients: this rule also moves the weights outside the base optimizer`,
        );
      }
      state.settle(reached(oracle));
      // The update that such a direction makes will be skipped: so is what the rule would remember of it.
      state.commit(this.#onNonFinite === 'skip' ? onlyIf(tf.isFinite(norm(direction))) : undefined);
      const grads = oracle.variables
        .map((variable, i) => [variable.name, direction[i]!] as const)
        .filter(([name]) => oracle.connected.has(name));
      return { value: loss, grads: Object.fromEntries(grads) };
    });
  }

  /**
   * One step over several micro-batches, whose mean loss is minimised: gradient accumulation. The memory is that of
   * one micro-batch.
   *
   * @param closures - The loss of each micro-batch, all of one size (or scaled accordingly).
   * @throws As `minimize`; Error for 'per-micro-batch' with a rule that evaluates after the update (SAMPa).
   * @see Foret et al. 2021, section 4.1 (m-sharpness). https://arxiv.org/abs/2010.01412
   */
  minimizeOver(
    closures: readonly AnyLossClosure[],
    { sharpness = 'shared', returnCost = false, varList }: MinimizeOverOptions = {},
  ): tf.Scalar | null {
    const owner = this.#config.name;
    requireOneOf(owner, 'sharpness', sharpness, ['shared', 'per-micro-batch']);
    if (closures.length === 0) throw new RangeError(`${owner}: expected at least one closure, got none`);
    if (sharpness === 'per-micro-batch' && this.rule.afterStep) {
      throw new Error(
        `${owner}: expected sharpness "shared", got "per-micro-batch": this rule evaluates after the update`,
      );
    }
    const oracle = this.#oracle(closures, varList);
    const state = oracle.attach(new StagedState(this.#slots, () => oracle.variables));
    try {
      const loss = tf.tidy(() => {
        const step =
          sharpness === 'shared'
            ? this.rule.direction(oracle)
            : meanStep(closures.length, (i) => {
                const part = this.rule.direction(oracle.focus(i));
                // The report is of the first micro-batch, made while its tensors live.
                if (i === 0) this.#report(oracle, part.active);
                else oracle.takeRecord();
                return part;
              });
        this.#apply(oracle, state, step);
        return step.loss;
      });
      if (returnCost) return loss;
      loss.dispose();
      return null;
    } finally {
      oracle.forget();
      state.discard();
    }
  }

  /** Hands gradients (or directions) to the base optimizer, and counts the step. */
  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    const entries = Array.isArray(gradients)
      ? gradients
      : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    this.#update(entries.map(({ name, tensor }) => ({ name, tensor: tensor ?? null })));
    this.incrementIterations();
  }

  #step<T extends tf.TensorContainer>(
    f: AnyLossClosure,
    varList: tf.Variable[] | undefined,
    finish: (oracle: StepOracle, state: StagedState, step: RuleStep) => T,
  ): T {
    const oracle = this.#oracle([f], varList);
    const state = oracle.attach(new StagedState(this.#slots, () => oracle.variables));
    try {
      return tf.tidy(() => finish(oracle, state, this.rule.direction(oracle)));
    } finally {
      oracle.forget();
      state.discard();
    }
  }

  #oracle(closures: readonly AnyLossClosure[], varList: tf.Variable[] | undefined): StepOracle {
    for (const closure of closures) {
      if (typeof closure === 'function') continue;
      throw new TypeError(`${this.#config.name}: expected the loss to be a function, got ${closure}`);
    }
    return new StepOracle({
      closures,
      variables: trainable(varList),
      narrow: varList === undefined,
      step: this.iterations,
      base: viewBase(this.base),
      rhoFactors: (variables) => this.#groups.rhoFactors(variables),
      learningRateFactors: (variables) => this.#groups.learningRateFactors(variables),
      randomSeed: this.#randomSeed,
      reported: this.#isReported(this.iterations),
    });
  }

  #apply(oracle: StepOracle, state: StagedState, { direction, correction, active }: RuleStep): void {
    state.settle(reached(oracle));
    const undo = this.rule.afterStep ? new VariableSnapshot() : undefined;
    const { iterations } = this.base;
    try {
      const entries = oracle.variables.map(({ name }, i) => ({
        name,
        tensor: oracle.connected.has(name) ? direction[i]! : null,
      }));
      const ok = this.#update(entries, correction);
      oracle.forget();
      this.rule.afterStep?.(oracle);
      state.commit(ok && onlyIf(ok));
      this.#report(oracle, active);
      this.incrementIterations();
    } catch (error) {
      undo?.restore();
      if (undo) (this.base as unknown as { iterations_: number }).iterations_ = iterations;
      throw error;
    } finally {
      undo?.dispose();
    }
  }

  /** Reports what happened since the last report, if anything did and somebody listens. */
  #report(oracle: StepOracle, active?: RuleStep['active']): void {
    const record = oracle.takeRecord();
    if (record.first && this.#isReported(oracle.step)) {
      reportStep(oracle.step, record, this.#listeners, active);
    }
  }

  #isReported(step: number): boolean {
    return this.#listeners.length > 0 && step % this.#reportEvery === 0;
  }

  #update(entries: readonly DirectionEntry[], correction?: RuleStep['correction']): tf.Tensor | undefined {
    return updateBase({
      base: this.base,
      entries,
      groups: this.#groups,
      onNonFinite: this.#onNonFinite,
      correction,
    });
  }

  /** The step count, the rule's state and the base optimizer's, as named tensors. */
  override async getWeights(): Promise<NamedTensor[]> {
    return weightsOf(this);
  }

  /** Restores what `getWeights` gave. The tensors stay the caller's. @throws Error on another's; nothing changed. */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    await (await this.stageState(weights))();
  }

  /** @ignore */
  savedParts(): Part[] {
    const base = prefixed(BASE!, partsOf(this.base));
    return [[countOf(this), ...prefixedNames(RULE!, this.#slots.named())], ...base];
  }

  /** @ignore */
  async stageState(weights: readonly NamedTensor[]): Promise<Commit> {
    const { count, rest } = await takeCount(this.#config.name, weights);
    const [rule, inner] = byPrefix(this.#config.name, [RULE!, BASE!], rest);
    const [commit, commitBase] = [this.#slots.stage(rule!), await stageWeights(this.base, inner!)];
    return async () => {
      await commitBase();
      commit();
      setCount(this, count);
    };
  }

  /**
   * `{ variant, …options, base }` in plain JSON, complete, from which `fromConfig` makes the optimizer again.
   */
  override getConfig(): tf.serialization.ConfigDict {
    const { name, ...options } = this.#config;
    return { variant: name, ...options, base: configOfBase(this.base) } as tf.serialization.ConfigDict;
  }

  /** Makes an optimizer from `getConfig`'s result. @throws RangeError when a package it needs is not imported. */
  static override fromConfig<T extends tf.serialization.Serializable>(
    _cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    // tfjs-layers adds the custom objects of the model that is being loaded.
    const { variant, customObjects: _, ...options } = config;
    return createFromConfig('variant', { ...options, name: String(variant) }) as T;
  }

  /** Disposes the rule's state and the base optimizer. */
  override dispose(): void {
    this.#slots.dispose();
    this.base.dispose();
  }
}

tf.serialization.registerClass(SharpnessAwareOptimizer);

/** The variables that the loss reaches, in the step's order. */
function reached({ variables, connected }: StepOracle): tf.Variable[] {
  return variables.filter(({ name }) => connected.has(name));
}

function trainable(varList: readonly tf.Variable[] | undefined): tf.Variable[] {
  const candidates = varList ?? Object.values(tf.engine().registeredVariables);
  const variables = candidates.filter((variable) => variable.trainable);
  if (variables.length > 0) return variables;
  throw new Error(
    varList
      ? `minimize: expected at least one trainable variable in varList, got none among ${varList.length}`
      : 'minimize: expected a trainable tf.variable to exist, got none',
  );
}

/** New state where `ok` is true, else the old: decided on the device. */
function onlyIf(ok: tf.Tensor) {
  return (next: tf.Tensor, previous: tf.Tensor | undefined) =>
    choose(ok, [next], [previous ?? tf.zerosLike(next)])[0]!;
}

/** The mean of several steps, each computed in a scope of its own. */
function meanStep(count: number, stepOf: (index: number) => RuleStep): RuleStep {
  let sum = tf.tidy(() => flat(stepOf(0)));
  for (let i = 1; i < count; i++) {
    const previous = sum;
    sum = tf.tidy(() => {
      const { loss, direction, correction } = flat(stepOf(i));
      return {
        loss: tf.add(previous.loss, loss) as tf.Scalar,
        direction: add(previous.direction, direction),
        correction: add(previous.correction, correction),
      };
    });
    tf.dispose(previous);
  }
  const mean = (vector: ParamVector) => scale(1 / count, vector);
  return {
    loss: tf.div(sum.loss, count),
    direction: mean(sum.direction),
    ...(sum.correction.length > 0 && { correction: mean(sum.correction) }),
  };
}

/** A step as a container that TensorFlow.js's tidy understands. */
function flat({ loss, direction, correction = [] }: RuleStep) {
  if (typeof correction === 'function') {
    throw new Error('minimizeOver: expected sharpness "shared" of a rule that moves the weights itself');
  }
  return { loss, direction, correction };
}
