import * as tf from '@tensorflow/tfjs-core';
import { displaced, isScaled, type Perturbation } from '../algebra/perturbation.js';
import { runsAtHand } from '../algebra/runs.js';
import { add, type ParamVector, scale } from '../algebra/vector.js';
import { beforeAssignments } from '../engine/assignments.js';
import type { KeptKinks, KinkKeeping } from '../engine/kinks.js';
import { type Draws, freshSeed, withSharedRandomness } from '../engine/randomness.js';
import { referenceTo } from '../engine/reference.js';
import { VariableSnapshot } from '../engine/snapshot.js';
import type { BaseView } from '../optimizers/base-view.js';
import { ClosureTrace } from './closure.js';
import { type ExampleScope, withExamples } from './examples.js';
import { explainDisposed, requireLoss } from './loss.js';
import { type AnyLossClosure, type Objective, withObjective } from './objective.js';
import {
  type Evaluation,
  type EvaluationRequest,
  type PartOracle,
  requireLosses,
  type ValueRequest,
} from './oracle.js';
import type { StepRecord } from './report.js';
import type { RuleState, StagedState } from './state.js';
import type { LossWatch } from './watch.js';

/** The optimizer's side of a step, as the oracle sees it. */
export interface StepContext {
  /** Name in messages. */
  readonly owner: string;
  /** The loss, or those of micro-batches: the oracle answers with their mean. */
  readonly closures: readonly AnyLossClosure[];
  /** The candidates, in the order of the step. */
  readonly variables: readonly tf.Variable[];
  /** True where the candidates that the first evaluation at θ reaches become the step's variables. */
  readonly narrow: boolean;
  /** Tells, as far as former steps do, if the loss may reach a candidate: asked where a step begins away from θ. */
  readonly expects?: ((variable: tf.Variable) => boolean | undefined) | undefined;
  /** The step number of a set of variables. */
  readonly stepOf: (variables: readonly tf.Variable[]) => number;
  /** The base optimizer, as a step of the variables sees it. */
  readonly baseOf: (variables: () => readonly tf.Variable[]) => BaseView;
  /** Radius multipliers of the variables. */
  readonly rhoFactors?: (variables: readonly tf.Variable[]) => readonly number[] | undefined;
  /** Multipliers of the base optimizer's update. */
  readonly learningRateFactors?: (variables: readonly tf.Variable[]) => readonly number[] | undefined;
  /** Seed of the numbers that the loss draws. Default one that nobody chose, for this step. */
  readonly randomSeed?: number | undefined;
  /** Lets the rule's evaluations draw afresh; measurements never do. Default false. */
  readonly freshDraws?: boolean | undefined;
  /** Tells the loss the objective, where a rule climbs another than it descends. */
  readonly tellsObjective?: boolean | undefined;
  /** True where the step's tensors are read once more, for its report. */
  readonly reported?: boolean;
  /** Looks at what the loss computes. */
  readonly watch?: LossWatch | undefined;
}

/** A loss, and its gradient with gaps where it does not reach a variable. */
interface Part {
  readonly loss: tf.Scalar;
  readonly gradient: readonly (tf.Tensor | undefined)[];
}

/** An evaluation that is to come: of one micro-batch's loss, of another loss, or of any function. */
interface Asked {
  readonly closure: AnyLossClosure;
  readonly objective: Objective;
  readonly examples: ExampleScope;
  /** The micro-batch; undefined for another loss. */
  readonly part: number | undefined;
  /** Holds its kinks at θ; undefined where they are free. */
  readonly kinks: KinkKeeping | undefined;
  /** Draws what the first evaluation drew. */
  readonly repeatable: boolean;
  /** Marks any function, whose tensor is taken as it is. */
  readonly raw: boolean;
}

/** The result of an evaluation, and the losses of its examples where it told them. */
interface Watched<T> {
  readonly evaluation: T;
  readonly losses: tf.Tensor1D | undefined;
}

/** Random draws of one micro-batch before those of the next begin: none depends on how many another made. */
const DRAWS_OF_A_PART = 2 ** 16;

/** The oracle of one step on TensorFlow.js's engine: see `GradientOracle`. */
export class StepOracle implements PartOracle {
  readonly base: BaseView;
  /** Names of the variables that some evaluation of this step reached. */
  readonly connected = new Set<string>();
  /** The number of evaluations of the whole loss so far. */
  evaluations = 0;
  #variables: readonly tf.Variable[];
  #narrow: boolean;
  /** The step's record, for its report, and the references that hold it. */
  #record: StepRecord = {};
  readonly #recorded: tf.Tensor[] = [];
  readonly #context: StepContext;
  readonly #traces: readonly ClosureTrace[];
  /** Numbers of the micro-batches that it answers for. */
  #parts: readonly number[];
  readonly #atTheta = new Map<Objective, Evaluation>();
  /** True once the first evaluation is past, whose running statistics stay. */
  #begun = false;
  readonly #seed: number;
  #drawStep: number | undefined;
  #draws = 0;
  /** True where the closures are told the objective: of a rule that climbs another than it descends. */
  #told: boolean;
  #state: StagedState | undefined;
  /** The number of examples of each micro-batch, once they told. */
  #sizes: readonly number[] | undefined;
  /** Choices made at θ, of the losses whose kinks were to be held. */
  #kinksHeld = true;
  readonly #kinks = new Map<AnyLossClosure, Partial<Record<Objective, KeptKinks>>>();

  constructor(context: StepContext) {
    this.#context = context;
    this.#traces = context.closures.map(() => new ClosureTrace());
    this.#parts = context.closures.map((_, i) => i);
    this.#variables = context.variables;
    this.#narrow = context.narrow;
    this.#seed = context.randomSeed ?? freshSeed();
    this.base = context.baseOf(() => this.#variables);
    this.#told = context.tellsObjective ?? false;
  }

  get variables(): readonly tf.Variable[] {
    // A rule that asks before it evaluates makes vectors of them: the list is final then.
    if (this.#narrow && !this.#begun) this.#scout();
    this.#settle();
    return this.#variables;
  }

  get step(): number {
    return this.#context.stepOf(this.#variables);
  }

  get state(): RuleState {
    if (this.#state === undefined) throw new Error('oracle: expected to be attached to an optimizer’s state');
    return this.#state;
  }

  /** Gives the oracle its state, which needs the oracle's variables in turn. */
  attach(state: StagedState): StagedState {
    this.#state = state;
    return state;
  }

  get rhoFactors(): readonly number[] | undefined {
    return this.#context.rhoFactors?.(this.#variables);
  }

  get learningRateFactors(): readonly number[] | undefined {
    return this.#context.learningRateFactors?.(this.#variables);
  }

  nextDraw(): number {
    return this.#draws++;
  }

  /** Lets the oracle answer for one micro-batch alone, as if a step of its own began. */
  focus(microBatch: number): this {
    // Another micro-batch may reach other variables.
    this.#settle();
    this.#parts = [microBatch];
    this.#draws = microBatch * DRAWS_OF_A_PART;
    this.#begun = false;
    this.forget();
    return this;
  }

  drawsOf(microBatch: number): Draws | undefined {
    return this.#drawsOf(microBatch, !this.#begun || !this.#context.freshDraws);
  }

  rehearse<T>(microBatch: number, f: () => T): T {
    const draws = this.#draws;
    this.#draws = microBatch * DRAWS_OF_A_PART;
    try {
      return this.#state!.apart(f);
    } finally {
      this.#draws = draws;
    }
  }

  /** Takes what is remembered of the step since the last call. */
  takeRecord(): StepRecord {
    const record = this.#record;
    this.#record = {};
    return record;
  }

  /** Forgets what was evaluated at θ: the weights are about to be others, or the step is over. */
  forget(): void {
    this.#atTheta.clear();
    this.release();
  }

  get kinksHeld(): boolean {
    for (const byObjective of this.#kinks.values())
      for (const kinks of Object.values(byObjective)) if (!kinks.areHeld) this.#kinksHeld = false;
    return this.#kinksHeld;
  }

  /** Frees the choices that were noted; a frozen evaluation notes them again. */
  release(): void {
    this.#kinksHeld = this.kinksHeld;
    for (const byObjective of this.#kinks.values())
      for (const kinks of Object.values(byObjective)) kinks.dispose();
    this.#kinks.clear();
  }

  /** Puts what the closures' layers remember back to where the step found it. */
  undo(): void {
    for (const trace of [...this.#traces].reverse()) trace.undo();
  }

  /** As `undo` where `ok` is false: decided on the device. */
  keepIf(ok: tf.Tensor): void {
    for (const trace of this.#traces) trace.keepIf(ok);
  }

  /** The step is over. */
  end(): void {
    this.forget();
    for (const trace of this.#traces) trace.end();
    tf.dispose(this.#recorded);
    this.#recorded.length = 0;
  }

  evaluate(request: EvaluationRequest = {}): Evaluation {
    return this.evaluateAround(request, (own) => own());
  }

  evaluateAround(
    request: EvaluationRequest,
    around: (own: (examples?: ExampleScope) => Evaluation) => Evaluation,
  ): Evaluation {
    const { perturbation, objective = 'descent', loss, probe, weights } = request;
    const plain = perturbation === undefined && loss === undefined && weights === undefined;
    const known = plain ? this.#atTheta.get(objective) : undefined;
    if (known) return known;
    const donate = request.donate === true && !this.#context.reported;
    const asked = this.#asked(request);
    if (!probe && !loss) this.evaluations += 1;
    const evaluation = around((examples) => {
      const own = examples ? asked.map((each) => ({ ...each, examples })) : asked;
      return this.#displaced(perturbation, donate, () =>
        this.#sparingStatistics(() => this.#mean(own, !probe)),
      );
    });
    if (plain) this.#atTheta.set(objective, evaluation);
    if (!probe) this.#remember(request, evaluation);
    return evaluation;
  }

  value(request: ValueRequest = {}): tf.Scalar {
    return this.#values(request).loss;
  }

  losses(request: ValueRequest = {}): tf.Tensor1D {
    return requireLosses(this.#context.owner, this.#values(request));
  }

  compute<T extends tf.Tensor>(
    f: () => T,
    { perturbation, kinks }: Pick<ValueRequest, 'perturbation' | 'kinks'> = {},
  ): T {
    const asked: Asked = {
      closure: f as unknown as AnyLossClosure,
      objective: 'descent',
      examples: {},
      part: undefined,
      kinks,
      repeatable: true,
      raw: true,
    };
    this.#holdKinks(asked);
    return this.#displaced(perturbation, false, () =>
      this.#sparingStatistics(() => this.#watch(asked, (run) => tf.tidy(() => tf.clone(run())))),
    ).evaluation as unknown as T;
  }

  #values(request: ValueRequest): Pick<Evaluation, 'loss' | 'losses'> {
    const { perturbation, objective = 'descent', loss } = request;
    const known = perturbation === undefined && loss === undefined && this.#atTheta.get(objective);
    if (known) return known;
    const asked = this.#asked(request);
    return this.#displaced(perturbation, false, () => this.#sparingStatistics(() => this.#meanValue(asked)));
  }

  /** Notes the choices that a loss makes at θ, unless they are known. */
  #holdKinks(asked: Asked): void {
    const { closure, objective, kinks } = asked;
    const known = this.#kinks.get(closure) ?? {};
    if (!kinks || known[objective]) return;
    if (typeof kinks !== 'function')
      throw new TypeError(
        `${this.#context.owner}: expected kinks to be frozenKinks or left out, got "${kinks}"`,
      );
    const kept = kinks();
    this.#sparingStatistics(() => this.#watch(asked, (run) => tf.tidy(() => void kept.record(run))));
    this.#kinks.set(closure, { ...known, [objective]: kept });
  }

  /** The losses to evaluate: the one given, or the micro-batches', each with its share of the weights. */
  #asked(request: EvaluationRequest): Asked[] {
    const { objective = 'descent', loss, weights, kinks, probe = false } = request;
    const repeatable = probe || kinks !== undefined || !this.#begun || !this.#context.freshDraws;
    if (objective === 'ascent') this.#told = true;
    const closures = loss ? [loss] : this.#parts.map((part) => this.#context.closures[part]!);
    const scopes = this.#scopes(closures.length, weights);
    const asked = closures.map((closure, i) => ({
      ...{ closure, objective, kinks, repeatable, raw: false },
      examples: scopes[i]!,
      part: loss ? undefined : this.#parts[i]!,
    }));
    for (const each of asked) this.#holdKinks(each);
    return asked;
  }

  /** Each micro-batch's share of the examples' weights. */
  #scopes(count: number, weights: tf.Tensor1D | undefined): ExampleScope[] {
    if (weights === undefined) return Array.from({ length: count }, () => ({}));
    const sizes = count === 1 ? [weights.size] : this.#sizes;
    if (sizes?.length !== count) {
      throw new Error(
        'evaluate: expected an evaluation without weights before one with them, for micro-batches',
      );
    }
    // Σ wᵢ ℓᵢ / Σ wᵢ over all micro-batches, of whose losses the mean is taken; zero where all weights are.
    const factor = tf.divNoNan(count, tf.sum(weights)) as tf.Scalar;
    return (tf.split(weights, [...sizes]) as tf.Tensor1D[]).map((part) => ({ weights: part, factor }));
  }

  /** The loss at θ once more, of the first micro-batch; no variable changes. */
  repeat(): tf.Scalar {
    return this.#unnoticed(0, (run) => tf.tidy(() => tf.clone(run())));
  }

  /** Finds the variables that the loss reaches, where no former step has shown it: an evaluation that changes no variable. */
  #scout(): void {
    const { expects, closures } = this.#context;
    if (!expects || this.#variables.every((variable) => expects(variable) !== undefined)) return;
    tf.tidy(() => {
      for (const part of closures.keys()) this.#unnoticed(part, (loss) => this.#gradients(loss));
    });
    this.#variables = this.#variables.filter(({ name }) => this.connected.has(name));
    this.#narrow = false;
  }

  #unnoticed<T>(part: number, run: (loss: () => tf.Scalar) => T): T {
    const before = new VariableSnapshot();
    const asked: Asked = {
      closure: this.#context.closures[part]!,
      objective: 'descent',
      examples: {},
      part,
      ...{ kinks: undefined, repeatable: true, raw: false },
    };
    try {
      const loss = this.#loss(asked);
      // The step owns what it keeps and what its layers do: as a first evaluation, where none was before.
      return this.#traces[part]!.evaluate(loss, () => run(loss));
    } finally {
      asked.examples.losses?.dispose();
      before.restore();
      before.dispose();
    }
  }

  #remember({ perturbation, objective = 'descent', loss }: EvaluationRequest, evaluation: Evaluation): void {
    // A first evaluation away from θ (SAMPa's auxiliary point) stands for the one at θ.
    if (this.#record.first === undefined) {
      this.#record.first = { ...this.#held(evaluation), descent: objective === 'descent' && !loss };
    } else if (perturbation && !loss && !this.#record.perturbed) {
      this.#record.perturbed = { ...this.#held(evaluation), perturbation: this.#heldAt(perturbation) };
    }
  }

  /** References, where there is a report to come: a rule may free what it was given. */
  #held(evaluation: Evaluation): Evaluation {
    if (!this.#context.reported) return evaluation;
    return { loss: this.#hold(evaluation.loss), gradient: evaluation.gradient.map((g) => this.#hold(g)) };
  }

  #heldAt(perturbation: Perturbation): Perturbation {
    if (!this.#context.reported) return perturbation;
    if (!isScaled(perturbation)) return perturbation.map((tensor) => this.#hold(tensor));
    const { scale: factor, direction } = perturbation;
    return { scale: this.#hold(factor), direction: direction.map((tensor) => this.#hold(tensor)) };
  }

  #hold<T extends tf.Tensor>(tensor: T): T {
    const reference = referenceTo(tensor);
    this.#recorded.push(reference);
    return reference;
  }

  /** A displacement has one tensor per variable: the list is final then. */
  #settle(): void {
    if (!this.#narrow) return;
    this.#narrow = false;
    const { expects } = this.#context;
    if (expects) this.#variables = this.#variables.filter((variable) => expects(variable) !== false);
    if (this.#variables.length === 0) this.#variables = this.#context.variables;
  }

  /** Runs `f` at θ + perturbation; θ comes back from the saved tensors, never by subtraction. */
  #displaced<T>(perturbation: Perturbation | undefined, donate: boolean, f: () => T): T {
    if (perturbation === undefined) return f();
    if (this.#narrow && !this.#begun) this.#scout();
    this.#settle();
    const variables = this.#variables;
    const saved = variables.map((variable) => referenceTo(variable));
    const direction = isScaled(perturbation) ? perturbation.direction : perturbation;
    const moved = displaced(variables, perturbation, donate && direction.every(isOfThisScope));
    if (donate) this.#abandon(direction);
    const assigned = new Set<tf.Variable>();
    let end: (() => void) | undefined;
    try {
      for (const [i, variable] of variables.entries()) variable.assign(moved[i]!);
      end = beforeAssignments((variable) => assigned.add(variable));
      const result = f();
      end();
      // A variable that the loss assigns and does not reach is a statistic: the first evaluation's stays.
      for (const [i, variable] of variables.entries())
        if (!assigned.has(variable) || this.connected.has(variable.name)) variable.assign(saved[i]!);
      return result;
    } catch (error) {
      end?.();
      for (const [i, variable] of variables.entries()) variable.assign(saved[i]!);
      throw error;
    } finally {
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
  #sparingStatistics<T>(f: () => T): T {
    if (!this.#begun) {
      const result = f();
      this.#begun = true;
      return result;
    }
    const before = new VariableSnapshot();
    try {
      return f();
    } finally {
      before.restore();
      before.dispose();
    }
  }

  /** The mean over the micro-batches, one after the other: the memory is that of one. */
  #mean(asked: readonly Asked[], looks: boolean): Evaluation {
    const losses: (tf.Tensor1D | undefined)[] = [];
    const sum = asked.reduce<Part | undefined>((previous, next) => {
      const part = this.#watch(next, (run) => this.#gradients(this.#looking(next, looks, run)));
      losses.push(part.losses);
      return previous ? addParts(previous, part.evaluation) : part.evaluation;
    }, undefined)!;
    const gradient = this.#filled(sum.gradient, asked[0]!.part !== undefined);
    const { length } = asked;
    const mean =
      length === 1
        ? { loss: sum.loss, gradient }
        : { loss: tf.div(sum.loss, length) as tf.Scalar, gradient: scale(1 / length, gradient) };
    // Of independent runs, what the closure tells are their losses, not those of examples.
    if (runsAtHand()) return { loss: losses[0]! as tf.Tensor as tf.Scalar, gradient };
    return { ...mean, ...this.#joined(losses) };
  }

  /** A loss, looked at where that is asked for. */
  #looking({ part, objective }: Asked, looks: boolean, run: () => tf.Scalar): () => tf.Scalar {
    const { watch } = this.#context;
    return watch && looks && part !== undefined ? () => watch.around(part, objective, run) : run;
  }

  /** Zeros in the gaps, or the variables without those that have one. */
  #filled(gradient: Part['gradient'], isOfBatch: boolean): ParamVector {
    if (this.#narrow && isOfBatch) {
      this.#variables = this.#variables.filter((_, i) => gradient[i] !== undefined);
      this.#narrow = false;
      return gradient.filter((tensor) => tensor !== undefined);
    }
    return gradient.map((tensor, i) => tensor ?? tf.zerosLike(this.#variables[i]! as tf.Tensor));
  }

  /** As `#mean`, the losses alone. */
  #meanValue(asked: readonly Asked[]): Pick<Evaluation, 'loss' | 'losses'> {
    const parts = asked.map((each) => this.#watch(each, (run) => tf.tidy(() => tf.clone(run()))));
    if (runsAtHand()) return { loss: parts[0]!.losses! as tf.Tensor as tf.Scalar };
    const losses = parts.map(({ evaluation }) => evaluation);
    const loss = losses.length === 1 ? losses[0]! : tf.tidy(() => tf.div(tf.addN(losses), losses.length));
    return { loss: loss as tf.Scalar, ...this.#joined(parts.map((part) => part.losses)) };
  }

  /** The micro-batches' losses of examples in a row; nothing where one of them tells none. */
  #joined(losses: readonly (tf.Tensor1D | undefined)[]): Pick<Evaluation, 'losses'> {
    const told = losses.flatMap((each) => each ?? []);
    if (told.length < losses.length) return {};
    this.#sizes = told.map(({ size }) => size);
    // Of one alone TensorFlow.js would make a copy.
    return { losses: told.length === 1 ? told[0]! : tf.concat(told) };
  }

  /** Runs `f` on a loss; what its closure leaves behind is seen to. */
  #watch<T>(asked: Asked, f: (run: () => tf.Scalar) => T): Watched<T> {
    const { examples, part } = asked;
    const loss = this.#loss(asked);
    try {
      const evaluation = this.#explained(() =>
        part === undefined
          ? new ClosureTrace().measure(loss, () => f(loss))
          : this.#traces[part]!.evaluate(loss, () => f(loss)),
      );
      if (examples.weights && !examples.losses) requireLosses('evaluate', {});
      return { evaluation, losses: examples.losses && tf.clone(examples.losses) };
    } finally {
      examples.losses?.dispose();
    }
  }

  /** The loss of an evaluation, told the objective, with the random numbers, the weights and the kinks that it is to have. */
  #loss({ closure, objective, examples, part, kinks, repeatable, raw }: Asked): () => tf.Scalar {
    const { owner } = this.#context;
    const told = this.#told;
    const draws = this.#drawsOf(part ?? this.#parts[0]!, repeatable);
    const run = () =>
      withSharedRandomness(draws, () =>
        withObjective(objective, () =>
          withExamples(examples, () => {
            const made = told ? closure(objective) : closure();
            return raw ? (made as tf.Scalar) : requireLoss(owner, made);
          }),
        ),
      );
    const held = kinks ? this.#kinks.get(closure)?.[objective] : undefined;
    return held ? () => held.replay(run) : run;
  }

  #drawsOf(part: number, repeatable: boolean): Draws | undefined {
    if (!repeatable && this.#context.randomSeed === undefined) return undefined;
    // The variables may yet be fewer: a step draws by one number throughout.
    this.#drawStep ??= this.step;
    return { seed: this.#seed, step: this.#drawStep, part };
  }

  #explained<T>(f: () => T): T {
    try {
      return f();
    } catch (error) {
      const gone = error instanceof Error && /reading 'backend'/.test(error.message);
      throw this.#begun || gone ? explainDisposed(this.#context.owner, error) : error;
    }
  }

  #gradients(loss: () => tf.Scalar): Part {
    const { value, grads } = tf.variableGrads(loss, [...this.#variables]);
    const gradient = this.#variables.map(({ name }) => {
      const entry: tf.Tensor | undefined = grads[name] ?? undefined;
      if (entry) this.connected.add(name);
      return entry;
    });
    // A loss that the closure keeps is the closure's.
    return { loss: value.kept ? tf.clone(value) : value, gradient };
  }
}

/** Adds an evaluation to a sum; both are disposed. */
function addParts(sum: Part, next: Part): Part {
  const both = sum.gradient.flatMap((tensor, i) => (tensor && next.gradient[i] ? [i] : []));
  const added = add(
    both.map((i) => sum.gradient[i]!),
    both.map((i) => next.gradient[i]!),
  );
  const gradient = sum.gradient.map((tensor, i) => tensor ?? next.gradient[i]);
  for (const [j, i] of both.entries()) gradient[i] = added[j]!;
  const loss = tf.add(sum.loss, next.loss) as tf.Scalar;
  tf.dispose([sum.loss, next.loss, ...both.flatMap((i) => [sum.gradient[i]!, next.gradient[i]!])]);
  return { loss, gradient };
}

/** True of a tensor of the step's scope: made by the step, and nobody else's. */
function isOfThisScope({ kept, scopeId }: tf.Tensor): boolean {
  return !kept && scopeId === tf.engine().state.activeScope?.id;
}
