import * as tf from '@tensorflow/tfjs-core';
import {
  type Evaluation,
  type EvaluationRequest,
  type ExampleScope,
  type GradientOracle,
  type Objective,
  type ParamVector,
  type PartOracle,
  type RuleStep,
  type SharpnessRule,
  scale,
  withSharedRandomness,
} from '@tfjs-sam/core';
import { packedExamples } from './manner.js';
import { isAtTheta, isPlain, weightsOf } from './requests.js';
import type { Shards } from './shards.js';
import { overriding } from './wrapped-oracle.js';

/** Ends a rehearsal that has come to an evaluation. */
const COME_TO_AN_EVALUATION = Symbol('a rehearsal has come to an evaluation');

/** The evaluations of a part that its worker made, or makes. */
interface Ahead {
  readonly answers: Evaluation[];
  /** The weights of the evaluation under way. */
  pending?: ParamVector | undefined;
  /** True where no further evaluation can be asked for ahead: there is none, or it is one for this thread. */
  ended: boolean;
}

/**
 * One step in which each part of a batch has a perturbation of its own, as `minimizeOver` takes micro-batches: the rule runs on this
 * thread for one part after the other, its evaluations of the others on workers, ahead of their turn.
 *
 * A rule is an ordinary function and cannot be halted at an evaluation. It holds nothing, though, so it can be run again: while
 * the first part is evaluated here, the rule of another part has been rehearsed up to the evaluation that it needs next, with
 * what its worker has answered so far. Where its turn comes, it runs in earnest, and finds all its answers.
 */
export class PerWorkerStep {
  readonly #rule: SharpnessRule;
  readonly #shards: Shards;
  readonly #ahead: readonly Ahead[];
  /** Seed of a rule's own calls of Math.random: rehearsals draw as the run in earnest does. */
  readonly #seed = Math.floor(Math.random() * 2 ** 32);
  #turn = 0;

  constructor(rule: SharpnessRule, shards: Shards) {
    this.#rule = rule;
    this.#shards = shards;
    this.#ahead = shards.parts.map(() => ({ answers: [], ended: false }));
  }

  /** The rule's step for the part whose turn it is. @throws Error for a rule that moves the weights itself. */
  direction(oracle: PartOracle): RuleStep {
    const part = this.#turn++;
    const step = part === 0 ? this.#here(oracle) : this.#run(part, oracle, false);
    const { correction, preceding = [] } = step;
    if (typeof correction === 'function' || preceding.length > 0)
      throw new Error(
        `DataParallelTrainer: expected sharpness "global", got "per-worker": ${this.#rule.name} moves the weights itself`,
      );
    return weighted(step, correction, this.#shards.shares[part]! * this.#shards.parts.length);
  }

  /** The first part, on this thread; before each of its evaluations the workers are given theirs. */
  #here(oracle: PartOracle): RuleStep {
    const known = new Set<Objective>();
    const evaluate = (request: EvaluationRequest = {}): Evaluation => {
      const { objective = 'descent' } = request;
      if (isPlain(request) && !(isAtTheta(request) && known.has(objective))) {
        for (let part = 1; part < this.#ahead.length; part++) this.#advance(part, oracle);
        if (isAtTheta(request)) known.add(objective);
      }
      return oracle.evaluate(request);
    };
    return this.#rule.direction(overriding<GradientOracle>(oracle, { evaluate }));
  }

  /** Takes a worker's answer, and finds out what to ask it next. */
  #advance(part: number, oracle: PartOracle): void {
    const ahead = this.#ahead[part]!;
    this.#collect(part);
    if (ahead.ended) return;
    ahead.ended = true;
    try {
      oracle.rehearse(part, () => tf.tidy(() => void this.#run(part, oracle, true)));
    } catch (error) {
      if (error !== COME_TO_AN_EVALUATION) throw error;
    }
  }

  /** The rule of a worker's part. A rehearsal asks for the first evaluation that is not answered yet, and ends. */
  #run(part: number, oracle: PartOracle, rehearsal: boolean): RuleStep {
    const known = new Map<Objective, Evaluation>();
    let next = 0;
    const evaluate = (request: EvaluationRequest = {}): Evaluation => {
      const { objective = 'descent' } = request;
      if (!isPlain(request)) return rehearsal ? stop() : oracle.evaluate(request);
      const before = isAtTheta(request) ? known.get(objective) : undefined;
      if (before) return before;
      const evaluation = this.#answer(part, next++, oracle, request, rehearsal);
      if (isAtTheta(request)) known.set(objective, evaluation);
      return evaluation;
    };
    const own = rehearsal ? { evaluate, value: stop, losses: stop, compute: stop } : { evaluate };
    return withSharedRandomness({ seed: this.#seed, step: oracle.step, part }, () =>
      this.#rule.direction(overriding<GradientOracle>(oracle, own)),
    );
  }

  #answer(part: number, index: number, oracle: PartOracle, request: EvaluationRequest, rehearsal: boolean) {
    const ahead = this.#ahead[part]!;
    if (index >= ahead.answers.length && !ahead.pending) {
      ahead.pending = weightsOf(oracle, request).map((tensor) => tf.keep(tensor));
      const manner = {
        objective: request.objective ?? 'descent',
        draws: oracle.drawsOf(part),
        examples: packedExamples(weighed(request)),
      };
      this.#shards.ask(part, ahead.pending, manner);
      if (rehearsal) {
        ahead.ended = false;
        stop();
      }
    }
    this.#collect(part);
    return ahead.answers[index]!;
  }

  #collect(part: number): void {
    const ahead = this.#ahead[part]!;
    if (!ahead.pending) return;
    const { loss, gradient, losses } = this.#shards.answer(part);
    ahead.answers.push({
      loss: tf.keep(loss),
      gradient: gradient.map((tensor) => tf.keep(tensor)),
      ...(losses && { losses: tf.keep(losses) }),
    });
    tf.dispose(ahead.pending);
    ahead.pending = undefined;
  }

  /** The step is over, or has failed. */
  dispose(): void {
    for (const { answers, pending } of this.#ahead)
      tf.dispose(
        [answers.map(({ loss, gradient, losses = [] }) => [loss, gradient, losses]), pending ?? []].flat(3),
      );
  }
}

/** The examples of a part that is a batch of its own. */
const weighed = ({ weights }: EvaluationRequest): ExampleScope =>
  weights ? { weights, factor: tf.divNoNan(1, tf.sum(weights)) as tf.Scalar } : {};

function stop(): never {
  throw COME_TO_AN_EVALUATION;
}

/** A step whose part of the mean is another one: parts of a batch differ in size by one example. */
function weighted(step: RuleStep, correction: ParamVector | undefined, factor: number): RuleStep {
  if (factor === 1) return step;
  return {
    ...step,
    loss: tf.mul(step.loss, factor) as tf.Scalar,
    direction: scale(factor, step.direction),
    ...(correction && { correction: scale(factor, correction) }),
  };
}
