import * as tf from '@tensorflow/tfjs-core';
import { displaced, isScaled, type Perturbation } from '../algebra/perturbation.js';
import { add, type ParamVector, scale } from '../algebra/vector.js';
import { beforeAssignments } from '../engine/assignments.js';
import type { BaseView } from '../engine/base-view.js';
import { Kinks } from '../engine/kinks.js';
import { explainMissingKernel } from '../engine/missing-kernel.js';
import { withSharedRandomness } from '../engine/randomness.js';
import { type ExampleScope, weigh, withExamples } from './examples.js';
import { type AnyLossClosure, type Objective, withObjective } from './objective.js';
import {
  type Evaluation,
  type EvaluationRequest,
  type GradientOracle,
  requireLosses,
  type ValueRequest,
} from './oracle.js';
import type { StepRecord } from './report.js';
import type { RuleState } from './state.js';

/** What the optimizer hands the oracle of a step. */
export interface StepContext {
  /** The loss, or those of micro-batches: the oracle answers with their mean. */
  readonly closures: readonly AnyLossClosure[];
  /** The candidates; with `narrow`, those that the first evaluation reaches become the step's variables. */
  readonly variables: readonly tf.Variable[];
  readonly narrow: boolean;
  readonly step: number;
  readonly base: BaseView;
  /** Radius multipliers of the variables. */
  readonly rhoFactors?: (variables: readonly tf.Variable[]) => readonly number[] | undefined;
  /** Multipliers of the base optimizer's update. */
  readonly learningRateFactors?: (variables: readonly tf.Variable[]) => readonly number[] | undefined;
  /** Makes every evaluation of the step draw the same random numbers. */
  readonly randomSeed?: number | undefined;
  /** Whether the step's tensors are read once more, for its report. */
  readonly reported?: boolean;
}

/** What a closure gave, and the tensors that it kept. */
interface Watched<T> {
  readonly evaluation: T;
  readonly kept: readonly tf.Tensor[];
  /** Losses of its examples, where it told them. */
  readonly losses?: tf.Tensor1D | undefined;
}

/** A loss, which of its objectives is wanted, and what its examples weigh. */
interface Asked {
  readonly closure: AnyLossClosure;
  readonly objective: Objective;
  readonly examples: ExampleScope;
  /** Whether its kinks are held at θ. */
  readonly frozen: boolean;
  /** Whether it is any function, whose tensor is taken as it is. */
  readonly raw?: boolean;
}

/** Seed of the random numbers of evaluations that are differenced, which must all draw the same. */
const DIFFERENCE_SEED = 0;

/** The oracle of one step on TensorFlow.js's engine: see `GradientOracle`. */
export class StepOracle implements GradientOracle {
  readonly step: number;
  readonly base: BaseView;
  /** Names of the variables that some evaluation of this step reached. */
  readonly connected = new Set<string>();
  #variables: readonly tf.Variable[];
  #narrow: boolean;
  /** What the step was like, for its report. */
  #record: StepRecord = {};
  readonly #context: StepContext;
  #closures: StepContext['closures'];
  readonly #atTheta = new Map<Objective, Evaluation>();
  /** Running statistics (batch norm's): what the first evaluation moved outside the list of variables. */
  #statistics: readonly tf.Variable[] | undefined;
  /** Tensors that the closure kept in the first evaluation: the metrics of `model.fit`. */
  #metrics: readonly tf.Tensor[] = [];
  #state: RuleState | undefined;
  /** How many examples each micro-batch has, once they told. */
  #sizes: readonly number[] | undefined;
  /** Choices made at θ, of the losses whose kinks were to be held. */
  readonly #kinks = new Map<AnyLossClosure, Partial<Record<Objective, Kinks>>>();

  constructor(context: StepContext) {
    this.#context = context;
    this.#closures = context.closures;
    this.#variables = context.variables;
    // Micro-batches may reach different variables: then every candidate stays.
    this.#narrow = context.narrow && context.closures.length === 1;
    this.step = context.step;
    this.base = context.base;
  }

  get variables(): readonly tf.Variable[] {
    return this.#variables;
  }

  get state(): RuleState {
    if (this.#state === undefined) throw new Error('oracle: expected to be attached to an optimizer’s state');
    return this.#state;
  }

  /** Gives the oracle its state, which needs the oracle's variables in turn. */
  attach<T extends RuleState>(state: T): T {
    this.#state = state;
    return state;
  }

  get rhoFactors(): readonly number[] | undefined {
    return this.#context.rhoFactors?.(this.#variables);
  }

  get learningRateFactors(): readonly number[] | undefined {
    return this.#context.learningRateFactors?.(this.#variables);
  }

  /** Lets the oracle answer for one micro-batch alone, as if a step of its own began. */
  focus(microBatch: number): this {
    this.#closures = [this.#context.closures[microBatch]!];
    this.#statistics = undefined;
    this.forget();
    return this;
  }

  /** What is remembered of the step since the last call. */
  takeRecord(): StepRecord {
    const record = this.#record;
    this.#record = {};
    return record;
  }

  /** Forgets what was evaluated at θ: the weights are about to be others, or the step is over. */
  forget(): void {
    this.#atTheta.clear();
    for (const byObjective of this.#kinks.values())
      for (const kinks of Object.values(byObjective)) kinks.dispose();
    this.#kinks.clear();
  }

  evaluate(request: EvaluationRequest = {}): Evaluation {
    const { perturbation, objective = 'descent', loss, probe, weights, kinks } = request;
    const plain = perturbation === undefined && loss === undefined && weights === undefined;
    const known = plain ? this.#atTheta.get(objective) : undefined;
    if (known) return known;
    // A displacement has one tensor per candidate: the list of variables is settled then.
    if (perturbation !== undefined) this.#narrow = false;
    const donate = request.donate === true && !this.#context.reported;
    const asked = this.#asked(objective, { loss, weights, kinks });
    const evaluation = this.#displaced(perturbation, donate, () =>
      this.#sparingStatistics(() => this.#mean(asked)),
    );
    if (plain) this.#atTheta.set(objective, evaluation);
    if (probe) return evaluation;
    // A first evaluation away from θ (SAMPa's auxiliary point) stands for the one at θ.
    if (this.#record.first === undefined) {
      this.#record.first = { ...evaluation, descent: objective === 'descent' && !loss };
    } else if (perturbation && !loss) this.#record.perturbed ??= { ...evaluation, perturbation };
    return evaluation;
  }

  value(request: ValueRequest = {}): tf.Scalar {
    return this.#values(request).loss;
  }

  losses(request: ValueRequest = {}): tf.Tensor1D {
    return requireLosses('losses', this.#values(request));
  }

  compute<T extends tf.Tensor>(
    f: () => T,
    { perturbation, kinks = 'free' }: Pick<ValueRequest, 'perturbation' | 'kinks'> = {},
  ): T {
    if (perturbation !== undefined) this.#narrow = false;
    const asked: Asked = {
      closure: f as unknown as AnyLossClosure,
      objective: 'descent',
      examples: {},
      frozen: kinks === 'frozen',
      raw: true,
    };
    this.#holdKinks(asked);
    return this.#displaced(perturbation, false, () =>
      this.#sparingStatistics(() => this.#watch(asked, (watched) => tf.tidy(watched))),
    ) as unknown as T;
  }

  #values({ perturbation, objective = 'descent', loss, kinks }: ValueRequest) {
    const known = perturbation === undefined && loss === undefined && this.#atTheta.get(objective);
    if (known) return known;
    if (perturbation !== undefined) this.#narrow = false;
    const asked = this.#asked(objective, { loss, kinks });
    return this.#displaced(perturbation, false, () => this.#sparingStatistics(() => this.#meanValue(asked)));
  }

  /** Notes the choices that a loss makes at θ, unless they are known. */
  #holdKinks(asked: Asked): void {
    const { closure, objective, frozen } = asked;
    const known = this.#kinks.get(closure) ?? {};
    if (!frozen || known[objective]) return;
    const kinks = new Kinks();
    this.#sparingStatistics(() => this.#watch(asked, (watched) => tf.tidy(() => void kinks.record(watched))));
    this.#kinks.set(closure, { ...known, [objective]: kinks });
  }

  /** The losses to evaluate: the one given, or the micro-batches', each with its share of the weights. */
  #asked(
    objective: Objective,
    { loss, weights, kinks = 'free' }: Pick<EvaluationRequest, 'loss' | 'weights' | 'kinks'>,
  ): Asked[] {
    const asked = this.#weighed(objective, loss ? [loss] : this.#closures, weights, kinks === 'frozen');
    for (const each of asked) this.#holdKinks(each);
    return asked;
  }

  #weighed(
    objective: Objective,
    closures: StepContext['closures'],
    weights: tf.Tensor1D | undefined,
    frozen: boolean,
  ): Asked[] {
    if (weights === undefined)
      return closures.map((closure) => ({ closure, objective, examples: {}, frozen }));
    const sizes = closures.length === 1 ? [weights.size] : this.#sizes;
    if (sizes?.length !== closures.length) {
      throw new Error(
        'evaluate: expected an evaluation without weights before one with them, for micro-batches',
      );
    }
    // Σ wᵢ ℓᵢ / Σ wᵢ over all micro-batches, of whose losses the mean is taken; zero where all weights are.
    const factor = tf.divNoNan(closures.length, tf.sum(weights)) as tf.Scalar;
    const parts = tf.split(weights, [...sizes]) as tf.Tensor1D[];
    return closures.map((closure, i) => ({
      closure,
      objective,
      examples: { weights: parts[i]!, factor },
      frozen,
    }));
  }

  /** Runs `f` at θ + perturbation; θ comes back from the saved tensors, never by subtraction. */
  #displaced<T>(perturbation: Perturbation | undefined, donate: boolean, f: () => T): T {
    if (perturbation === undefined) return f();
    const saved = this.#variables.map((variable) => tf.clone(variable));
    const direction = isScaled(perturbation) ? perturbation.direction : perturbation;
    const moved = displaced(this.#variables, perturbation, donate && direction.every(isOfThisScope));
    if (donate) this.#abandon(direction);
    try {
      for (const [i, variable] of this.#variables.entries()) variable.assign(moved[i]!);
      return f();
    } finally {
      for (const [i, variable] of this.#variables.entries()) variable.assign(saved[i]!);
      for (const tensor of saved) tensor.dispose();
      for (const tensor of moved) tensor.dispose();
    }
  }

  /** Frees a direction and the gradients at θ for the evaluation to come. */
  #abandon(direction: ParamVector): void {
    const gradients = [...this.#atTheta.values()].flatMap(({ gradient }) => gradient);
    this.forget();
    for (const tensor of [...direction, ...gradients]) if (isOfThisScope(tensor)) tensor.dispose();
  }

  /** Lets running statistics move in the step's first evaluation, and in no later one. */
  #sparingStatistics<T>(f: () => Watched<T>): T {
    return this.#statistics === undefined ? this.#first(f) : this.#later(f);
  }

  #first<T>(f: () => Watched<T>): T {
    const assigned = new Set<tf.Variable>();
    const end = beforeAssignments(this.#variables[0]!, (variable) => assigned.add(variable));
    try {
      const { evaluation, kept } = f();
      this.#metrics = kept;
      // What the loss made for itself may be gone.
      const remaining = [...assigned].filter(({ isDisposed }) => !isDisposed);
      this.#statistics = remaining.filter((variable) => !this.#variables.includes(variable));
      return evaluation;
    } finally {
      end();
    }
  }

  #later<T>(f: () => Watched<T>): T {
    const statistics = this.#statistics ?? [];
    const saved = statistics.map((variable) => tf.clone(variable));
    try {
      const { evaluation, kept } = f();
      this.#release(kept);
      return evaluation;
    } finally {
      for (const [i, variable] of statistics.entries()) variable.assign(saved[i]!);
      tf.dispose(saved);
    }
  }

  /** The mean over the micro-batches, one after the other: the memory is that of one. */
  #mean(asked: readonly Asked[]): Watched<Evaluation> {
    const kept: tf.Tensor[] = [];
    const losses: (tf.Tensor1D | undefined)[] = [];
    const sum = asked.reduce<Omit<Evaluation, 'losses'> | undefined>((previous, next) => {
      const { evaluation, ...part } = this.#gradients(next);
      kept.push(...part.kept);
      losses.push(part.losses);
      return previous ? addEvaluations(previous, evaluation) : evaluation;
    }, undefined)!;
    const { length } = asked;
    const mean =
      length === 1
        ? sum
        : { loss: tf.div(sum.loss, length) as tf.Scalar, gradient: scale(1 / length, sum.gradient) };
    return { evaluation: { ...mean, ...this.#joined(losses) }, kept };
  }

  /** As `#mean`, the losses alone. */
  #meanValue(asked: readonly Asked[]): Watched<Pick<Evaluation, 'loss' | 'losses'>> {
    const parts = asked.map((entry) =>
      this.#watch(entry, (watched) => tf.tidy(() => requireScalar(watched()))),
    );
    const losses = parts.map(({ evaluation }) => evaluation);
    const loss = losses.length === 1 ? losses[0]! : tf.tidy(() => tf.div(tf.addN(losses), losses.length));
    const joined = this.#joined(parts.map((part) => part.losses));
    return {
      evaluation: { loss: loss as tf.Scalar, ...joined },
      kept: parts.flatMap((part) => part.kept),
    };
  }

  /** The micro-batches' losses of examples in a row; nothing where one of them tells none. */
  #joined(losses: readonly (tf.Tensor1D | undefined)[]): Pick<Evaluation, 'losses'> {
    const told = losses.flatMap((each) => each ?? []);
    if (told.length < losses.length) return {};
    this.#sizes = told.map(({ size }) => size);
    return { losses: told.length === 1 ? told[0]! : tf.concat(told) };
  }

  /** Runs `f` on the loss, told the objective and the step's random numbers; what it keeps is seen, and freed on a throw. */
  #watch<T>(asked: Asked, f: (watched: () => tf.Scalar) => T): Watched<T> {
    const { closure, objective, examples, frozen, raw } = asked;
    let kept: tf.Tensor[] = [];
    const held = frozen ? this.#kinks.get(closure)?.[objective] : undefined;
    const seed = this.#context.randomSeed ?? (frozen ? DIFFERENCE_SEED : undefined);
    const run = () =>
      withSharedRandomness(seed, this.step, () =>
        withObjective(objective, () =>
          withExamples(examples, () => {
            const made = closure(objective);
            return raw ? (made as tf.Scalar) : scalarOf(made);
          }),
        ),
      );
    const watched = () => {
      const { activeScope } = tf.engine().state;
      try {
        return held ? held.replay(run) : run();
      } finally {
        kept = (activeScope?.track ?? []).filter(
          (tensor) => tensor.kept && !isVariable(tensor) && tensor !== examples.losses,
        );
      }
    };
    try {
      const evaluation = abandonTapeOnThrow(
        () => f(watched),
        () => kept,
        watched,
      );
      if (examples.weights && !examples.losses) requireLosses('evaluate', {});
      const losses = examples.losses && tf.clone(examples.losses);
      // What the tape had kept for the backward pass is disposed by now; the rest is the closure's.
      return { evaluation, losses, kept: kept.filter((tensor) => !tensor.isDisposed) };
    } finally {
      examples.losses?.dispose();
    }
  }

  #gradients(asked: Asked): Watched<Omit<Evaluation, 'losses'>> {
    const { evaluation, ...rest } = this.#watch(asked, (watched) =>
      tf.variableGrads(watched, [...this.#variables]),
    );
    const { value, grads } = evaluation;
    if (this.#narrow) {
      this.#variables = this.#variables.filter(({ name }) => grads[name] != null);
      this.#narrow = false;
    }
    const gradient = this.#variables.map((variable) => {
      const entry = grads[variable.name];
      if (entry == null) return tf.zerosLike(variable) as tf.Tensor;
      this.connected.add(variable.name);
      return entry;
    });
    return { evaluation: { loss: value, gradient }, ...rest };
  }

  /**
   * Frees what the closure kept in an evaluation after the first: `model.fit` reads the first one's metrics.
   * `model.trainOnBatch` reads the later ones as well: they answer with the first one's values.
   */
  #release(kept: readonly tf.Tensor[]): void {
    for (const [i, tensor] of kept.entries()) {
      if (this.#metrics.includes(tensor)) continue;
      tensor.dispose();
      const original = this.#metrics[i];
      if (original) tensor.data = original.data.bind(original) as typeof tensor.data;
    }
  }
}

/** A loss as it is, or the mean of the examples'. */
function scalarOf(loss: tf.Scalar | tf.Tensor1D): tf.Scalar {
  return loss.rank === 1 ? (tf.mean(weigh(loss)) as tf.Scalar) : (loss as tf.Scalar);
}

function requireScalar(loss: tf.Scalar): tf.Scalar {
  if (loss.rank === 0) return loss;
  throw new Error(`expected the loss to be a Scalar, got a tensor of shape [${loss.shape}]`);
}

/** Adds an evaluation to a sum; both are disposed. */
function addEvaluations(
  sum: Omit<Evaluation, 'losses'>,
  next: Omit<Evaluation, 'losses'>,
): Omit<Evaluation, 'losses'> {
  const result = {
    loss: tf.add(sum.loss, next.loss) as tf.Scalar,
    gradient: add(sum.gradient, next.gradient),
  };
  tf.dispose([sum.loss, next.loss, sum.gradient, next.gradient]);
  return result;
}

/** Whether a tensor lives in the step's scope: made by the step, and nobody else's. */
function isOfThisScope({ kept, scopeId }: tf.Tensor): boolean {
  return !kept && scopeId === tf.engine().state.activeScope?.id;
}

function isVariable(tensor: tf.Tensor): boolean {
  return tensor instanceof tf.Variable;
}

/** TensorFlow.js leaves the tape's saved tensors behind when a closure throws; this does not. */
function abandonTapeOnThrow<T>(f: () => T, kept: () => readonly tf.Tensor[], loss: () => tf.Scalar): T {
  try {
    return f();
  } catch (error) {
    const { state } = tf.engine();
    for (const node of state.gradientDepth === 0 ? (state.activeTape ?? []) : [])
      tf.dispose(node.saved ?? []);
    for (const tensor of kept()) tensor.dispose();
    throw explainMissingKernel(error, loss);
  }
}
