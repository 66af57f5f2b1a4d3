import * as tf from '@tensorflow/tfjs-core';
import { type Runs, withRuns } from '../algebra/runs.js';
import { add, norm, type ParamVector, scale } from '../algebra/vector.js';
import { complete } from '../declare/check.js';
import { createFromConfig, type NamedConfig } from '../declare/config.js';
import { requireOneOf } from '../declare/errors.js';
import type { VariableSnapshot } from '../engine/snapshot.js';
import { freeConstants } from '../engine/tfjs-constants.js';
import { limitMetrics } from '../engine/train-function.js';
import { undoneOnThrow } from '../engine/transaction.js';
import { viewBase, viewFor } from '../optimizers/base-view.js';
import { countOf, setCount } from '../optimizers/count.js';
import { type Commit, joined, type Part, prefixed, prefixedNames } from '../optimizers/parts.js';
import { configOfBase } from '../optimizers/tfjs.js';
import { partsOf } from '../optimizers/weights.js';
import type { MinimizeOverOptions } from '../oracle/micro-batches.js';
import type { AnyLossClosure } from '../oracle/objective.js';
import { reportStep, type StepListener } from '../oracle/report.js';
import type { NamedTensor } from '../oracle/slots.js';
import { StagedSlots, StagedState } from '../oracle/state.js';
import { StepCounts } from '../oracle/step-counts.js';
import { StepOracle } from '../oracle/step-oracle.js';
import { trainable, type Variables } from '../oracle/variables.js';
import { ifDifferent, LossWatch } from '../oracle/watch.js';
import type { RuleStep, SharpnessRule } from '../rules/rule.js';
import { type DirectionEntry, updateBase } from './base-update.js';
import { VariableGroups } from './groups.js';
import { type DriverOptions, driverOptions } from './options.js';
import { VariableOrder } from './variable-order.js';

const RULE = 'rule/';
const BASE = 'base/';

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
  /** Asks the oracle, and makes a direction of its answers. */
  readonly rule: SharpnessRule;
  readonly #onNonFinite: 'pass' | 'skip';
  readonly #groups: VariableGroups;
  readonly #runs: Runs | undefined;
  readonly #randomSeed: number | undefined;
  readonly #freshDraws: boolean;
  readonly #watch: LossWatch;
  readonly #order: VariableOrder;
  readonly #listeners: readonly StepListener[];
  readonly #reportEvery: number;
  readonly #config: NamedConfig;
  readonly #slots = new StagedSlots();
  readonly #counts = new StepCounts(this.#slots);
  /** Names of variables that some step has reached, and of those that none has. */
  readonly #reached = new Map<string, boolean>();
  /** Warnings that were given. */
  readonly #warned = new Set<string>();
  /** The number of directions that were computed and not yet applied. */
  #computed = 0;

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
    requirePlainBase(config.name, base);
    const checked = complete(config.name, driverOptions, options);
    const { onNonFinite, groups = [], randomSeed, freshDraws, checkLoss, onStep = [], reportEvery } = checked;
    requireRuns(config.name, checked);
    freeConstants(base);
    limitMetrics();
    this.base = base;
    this.rule = rule;
    this.#onNonFinite = onNonFinite;
    this.#runs = checked.runs;
    this.#groups = new VariableGroups(config.name, groups, checked.runs?.learningRate);
    this.#randomSeed = randomSeed;
    this.#freshDraws = freshDraws;
    this.#watch = new LossWatch(checkLoss);
    this.#order = new VariableOrder(config.name);
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
   * @param f - The loss, a Scalar, or the losses of the examples, [batch]. Called without arguments, but by a rule that
   *   climbs another objective than it descends, which tells it the one that is wanted.
   * @param returnCost - Whether to return the loss. Default false.
   * @param varList - What to train. Default every trainable variable that the loss reaches.
   * @throws Whatever `f` throws; then weights, base optimizer and rule are as before, and nothing leaks.
   */
  override minimize(f: AnyLossClosure, returnCost = false, varList?: Variables): tf.Scalar | null {
    const loss = this.#step([f], varList, (oracle, state, before) => {
      const step = this.rule.direction(oracle);
      this.#apply(oracle, state, step, before);
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
    varList?: Variables,
  ): { value: tf.Scalar; grads: tf.NamedTensorMap } {
    const result = this.#step([f], varList, (oracle, state, before) => {
      const { loss, direction, preceding, correction } = this.rule.direction(oracle);
      if (preceding?.length || correction) {
        throw new Error(
          `${this.#config.name}: expected minimize, got computeGradients: this rule also moves the weights outside the base optimizer`,
        );
      }
      this.#look(oracle);
      state.settle(reached(oracle));
      // The update that such a direction makes will be skipped: so is what the rule would remember of it.
      const ok = this.#onNonFinite === 'skip' ? tf.isFinite(norm(direction)) : undefined;
      if (ok) before.keepIf(ok);
      if (ok) oracle.keepIf(ok);
      state.commit(({ name }) => oracle.connected.has(name), ok);
      this.#noteReach(oracle);
      const grads = oracle.variables
        .map((variable, i) => [variable.name, direction[i]!] as const)
        .filter(([name]) => oracle.connected.has(name));
      return { value: loss, grads: Object.fromEntries(grads) };
    });
    this.#computed += 1;
    return result;
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
    if (this.#runs)
      throw new Error(
        `${owner}: expected minimize, got minimizeOver: independent runs have one batch a step`,
      );
    if (closures.length === 0) throw new RangeError(`${owner}: expected at least one closure, got none`);
    if (sharpness === 'per-micro-batch' && this.rule.afterStep) {
      throw new Error(
        `${owner}: expected sharpness "shared", got "per-micro-batch": this rule evaluates after the update`,
      );
    }
    const loss = this.#step(closures, varList, (oracle, state, before) => {
      const step =
        sharpness === 'shared'
          ? this.rule.direction(oracle)
          : meanStep(closures.length, (i) => {
              if (i > 0) state.nextPart();
              const part = this.rule.direction(oracle.focus(i));
              // The report is of the first micro-batch, made while its tensors live.
              if (i === 0) this.#report(oracle, part.active);
              else oracle.takeRecord();
              return part;
            });
      this.#apply(oracle, state, step, before);
      return step.loss;
    });
    if (returnCost) return loss;
    loss.dispose();
    return null;
  }

  /** Hands gradients (or directions) to the base optimizer, and counts the step. */
  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    const entries = Array.isArray(gradients)
      ? gradients
      : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    if (this.#computed === 0)
      this.#warn(
        'foreign gradients',
        'applyGradients was given gradients that computeGradients of this optimizer did not make: the step is the base optimizer’s, without sharpness. Call minimize, or computeGradients for what is applied.',
      );
    this.#computed = 0;
    withRuns(this.#runs, () =>
      undoneOnThrow(this.base, (before) => {
        tf.tidy(
          () =>
            void this.#update([new Map(entries.map(({ name, tensor }) => [name, tensor ?? null]))], before),
        );
      }),
    );
    const registered = tf.engine().registeredVariables;
    this.#counts.advance(
      entries.flatMap(({ name }) => registered[name] ?? []),
      this.iterations,
    );
    this.incrementIterations();
  }

  #step<T extends tf.TensorContainer>(
    closures: readonly AnyLossClosure[],
    varList: Variables | undefined,
    finish: (oracle: StepOracle, state: StagedState, before: VariableSnapshot) => T,
  ): T {
    return withRuns(this.#runs, () => this.#stepOf(closures, varList, finish));
  }

  #stepOf<T extends tf.TensorContainer>(
    closures: readonly AnyLossClosure[],
    varList: Variables | undefined,
    finish: (oracle: StepOracle, state: StagedState, before: VariableSnapshot) => T,
  ): T {
    const oracle = this.#oracle(closures, varList);
    const state = oracle.attach(new StagedState(this.#slots, () => oracle.variables));
    try {
      return undoneOnThrow(this.base, (before) => {
        try {
          return tf.tidy(() => finish(oracle, state, before));
        } catch (error) {
          oracle.undo();
          throw error;
        }
      });
    } finally {
      state.discard();
      oracle.end();
      this.#watch.end(oracle.evaluations);
    }
  }

  #oracle(closures: readonly AnyLossClosure[], varList: Variables | undefined): StepOracle {
    const owner = this.#config.name;
    for (const closure of closures) {
      if (typeof closure === 'function') continue;
      throw new TypeError(`${owner}: expected the loss to be a function, got ${closure}`);
    }
    return new StepOracle({
      owner,
      closures,
      variables: this.#order.arranged(trainable(owner, varList)),
      narrow: varList === undefined || varList === null,
      expects: ({ name }) => this.#reached.get(name),
      stepOf: (variables) => this.#counts.of(variables, this.iterations),
      baseOf: (variables) => viewFor(this.base, variables),
      rhoFactors: (variables) => this.#groups.rhoFactors(variables),
      learningRateFactors: (variables) => this.#groups.learningRateFactors(variables),
      randomSeed: this.#randomSeed,
      freshDraws: this.#freshDraws,
      tellsObjective: this.rule.objective === 'ascent',
      reported: this.#isReported(this.iterations),
      watch: this.#watch,
    });
  }

  #apply(
    oracle: StepOracle,
    state: StagedState,
    { direction, preceding = [], correction, active }: RuleStep,
    before: VariableSnapshot,
  ): void {
    this.#look(oracle);
    state.settle(reached(oracle));
    const { variables, connected } = oracle;
    const isReached = ({ name }: tf.Variable) => connected.has(name);
    const byName = (vector: ParamVector) =>
      new Map(
        variables.map((variable, i) => [variable.name, isReached(variable) ? vector[i]! : null] as const),
      );
    const ok = this.#update(
      [...preceding, direction].map(byName),
      before,
      correction && ofReached(correction, variables, isReached),
    );
    oracle.forget();
    this.rule.afterStep?.(oracle);
    if (ok) oracle.keepIf(ok);
    state.commit(isReached, ok);
    this.#noteReach(oracle);
    this.#counts.advance(variables, this.iterations);
    this.#report(oracle, active);
    this.incrementIterations();
  }

  /** Remembers which variables the loss reaches, for steps that begin away from θ. */
  #noteReach({ variables, connected }: StepOracle): void {
    const meet = (name: string) => {
      if (!this.#reached.has(name)) this.#reached.set(name, false);
    };
    for (const name in tf.engine().registeredVariables) meet(name);
    for (const { name } of variables) meet(name);
    for (const name of connected) this.#reached.set(name, true);
  }

  /** Looks once at what the loss computes: see `checkLoss`. */
  #look(oracle: StepOracle): void {
    if (this.#watch.suspicions.has('objective'))
      this.#warn(
        'objective',
        'the loss computes the same for the ascent and for the descent objective, so that the perturbation climbs what is descended: this is SAM. Use byObjective({ ascent, descent }) or, in model.compile, a loss that asks for the objective: bisamLoss() of @tfjs-sam/bisam.',
      );
    if (!this.#watch.suspicions.has('differs')) return;
    try {
      ifDifferent(oracle.repeat(), oracle.repeat(), () =>
        this.#warn(
          'differs',
          'the loss gives different values at the same weights: it seems to draw its batch inside. Every step evaluates it several times, each time on another batch: the perturbation is then not that of the batch that is descended. Draw the batch before minimize and close over it (see "Writing a loss for SAM"). checkLoss: false turns this check off.',
        ),
      );
    } catch {
      // A check: what fails in it is no part of the step.
    }
  }

  #warn(what: string, message: string): void {
    if (this.#warned.has(what)) return;
    this.#warned.add(what);
    console.warn(`${this.#config.name}: ${message}`);
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

  /** Hands the base a direction for every variable that it has met, null for those that rest: one update after the other. */
  #update(
    updates: readonly ReadonlyMap<string, tf.Tensor | null>[],
    before: VariableSnapshot,
    correction?: RuleStep['correction'],
  ): tf.Tensor | undefined {
    const registered = tf.engine().registeredVariables;
    for (const [name, direction] of updates[0]!)
      this.#order.add([{ name, shape: registered[name]?.shape ?? direction?.shape ?? [] }]);
    const entriesOf = (directions: ReadonlyMap<string, tf.Tensor | null>): DirectionEntry[] =>
      this.#order.names.map((name) => ({ name, tensor: directions.get(name) ?? null }));
    const { base } = this;
    return updateBase({
      base,
      updates: updates.map(entriesOf),
      groups: this.#groups,
      onNonFinite: this.#onNonFinite,
      correction,
      before,
    });
  }

  /** The step count, the rule's state and the base optimizer's, as named tensors. */
  override async getWeights(): Promise<NamedTensor[]> {
    return joined(this.savedParts());
  }

  /** Restores what `getWeights` gave. The tensors stay the caller's. @throws Error on another's; nothing changed. */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    await (await this.stageState(weights))();
  }

  /** @ignore */
  savedParts(): Part[] {
    this.#slots.resolve();
    const base = prefixed(BASE, partsOf(this.base));
    return [[countOf(this), ...prefixedNames(RULE, this.#slots.named())], ...base];
  }

  /** @ignore */
  async stageState(weights: readonly NamedTensor[]): Promise<Commit> {
    const { name } = this.#config;
    const { byPrefix, stageSlots, stageWeights, takeCount } = await import('../optimizers/restoring.js');
    const { count, rest } = await takeCount(name, weights);
    const [rule, inner] = byPrefix(name, [RULE, BASE], rest);
    const [commit, commitBase] = [stageSlots(this.#slots, rule!), await stageWeights(this.base, inner!)];
    return async () => {
      await commitBase();
      commit();
      await this.#counts.restored(count);
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

/** A correction of the variables that the loss reaches. */
function ofReached(
  correction: NonNullable<RuleStep['correction']>,
  variables: readonly tf.Variable[],
  isReached: (variable: tf.Variable) => boolean,
): NonNullable<RuleStep['correction']> {
  const kept = (vector: ParamVector) => vector.filter((_, i) => isReached(variables[i]!));
  if (typeof correction !== 'function') return kept(correction);
  return (_reached, first) => {
    const rest = [...first];
    return kept(
      correction(
        variables,
        variables.map((variable) => (isReached(variable) ? rest.shift()! : variable)),
      ),
    );
  };
}

/** The variables that the loss reaches, in the step's order. */
function reached({ variables, connected }: StepOracle): tf.Variable[] {
  return variables.filter(({ name }) => connected.has(name));
}

/** A sharpness-aware optimizer inside another would never be asked for its perturbation. */
function requirePlainBase(owner: string, base: tf.Optimizer): void {
  type Inner = { readonly base?: Inner; readonly rule?: SharpnessRule };
  for (let inner = base as unknown as Inner | undefined; inner; inner = inner.base) {
    if (typeof inner.rule?.direction !== 'function') continue;
    throw new TypeError(
      `${owner}: expected a base optimizer without sharpness, got one around ${inner.rule.name}, which would only be handed a direction and perturb nothing. Take one of the two; their parts (metric, filter, combine) go together in sharpnessAware(base, { … }).`,
    );
  }
}

/** @throws RangeError, Error for independent runs that do not fit the other options. */
function requireRuns(owner: string, { runs, onNonFinite, onStep }: DriverOptions): void {
  if (!runs) return;
  for (const factor of ['rho', 'learningRate'] as const) {
    const factors = runs[factor];
    if (factors && factors.length !== runs.count)
      throw new RangeError(
        `${owner}: expected runs.${factor} to hold one number for each of ${runs.count} runs, got ${factors.length}`,
      );
  }
  if (onNonFinite === 'skip')
    throw new RangeError(
      `${owner}: expected onNonFinite "pass" with runs, got "skip": a step is not skipped run by run`,
    );
  if (onStep && [onStep].flat().length > 0)
    throw new RangeError(`${owner}: expected no onStep with runs: a report is of one run`);
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
function flat({ loss, direction, preceding = [], correction = [] }: RuleStep) {
  if (typeof correction === 'function' || preceding.length > 0) {
    throw new Error('minimizeOver: expected sharpness "shared" of a rule that moves the weights itself');
  }
  return { loss, direction, correction };
}
