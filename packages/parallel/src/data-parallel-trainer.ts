import * as tf from '@tensorflow/tfjs-core';
import {
  axpy,
  displaced,
  type GradientOracle,
  type Objective,
  type ParamVector,
  type SharpnessRule,
  scale,
} from '@tfjs-sam/core';
import type { Batch } from './gradient-worker.js';
import { atWeights } from './here.js';
import type { Answer } from './pool.js';
import { ParallelTrainer, type Prepared, prepare, type TrainerOptions } from './trainer.js';
import { type Evaluation, type EvaluationRequest, overriding, replaceRule } from './wrapped-oracle.js';

/** Options of a data-parallel trainer. */
export interface DataParallelOptions extends TrainerOptions {
  /** Threads that share a batch, this one included, an integer >= 1. Default 2. */
  readonly threads?: number | undefined;
}

/**
 * Trains any variant with each batch split over threads: every evaluation of the rule is the mean of the parts' gradients,
 * weighted by their sizes. One perturbation for the whole batch, as if it had not been split.
 *
 * With one thread the trajectory is bit-equal to training without it, with more it is equal within rounding. Layers that
 * look at the whole batch (batch normalisation) see the part of their thread; running statistics are those of this thread's.
 * A loss that the rule itself brings (a single example's) is evaluated on this thread, a value without gradient on the
 * whole batch there.
 *
 * @example
 * const trainer = await DataParallelTrainer.create({ module: new URL('./task.js', import.meta.url), optimizer, threads: 2 });
 * await trainer.fit(x, y, { epochs: 10, batchSize: 256 });
 * await trainer.dispose();
 */
export class DataParallelTrainer extends ParallelTrainer {
  /** Threads that share a batch, this one included. */
  readonly threads: number;
  readonly #restore: () => void;
  #parts: readonly Batch[] = [];
  #whole: Batch | undefined;
  readonly #known = new Map<Objective, Evaluation>();

  private constructor(prepared: Prepared, options: DataParallelOptions, threads: number) {
    super(prepared, options.optimizer);
    this.threads = threads;
    this.#restore = replaceRule(options.optimizer, (rule) => this.#shared(rule));
  }

  /**
   * A trainer whose workers are ready.
   *
   * @throws RangeError when `threads` is no integer >= 1; Error on a backend other than wasm and cpu, or when a worker
   *   does not start.
   */
  static async create(options: DataParallelOptions): Promise<DataParallelTrainer> {
    const { threads = 2 } = options;
    if (!Number.isInteger(threads) || threads < 1)
      throw new RangeError(`DataParallelTrainer: expected threads to be an integer >= 1, got ${threads}`);
    return new DataParallelTrainer(
      await prepare('DataParallelTrainer', options, threads - 1),
      options,
      threads,
    );
  }

  override step(batch: Batch): tf.Scalar {
    this.#whole = batch;
    this.#parts = split(batch, this.threads);
    try {
      const { xs, ys } = this.#parts[0]!;
      const closure = () => this.loss(this.model, xs, ys);
      return this.optimizer.minimize(closure, true, this.variables) as tf.Scalar;
    } finally {
      for (const { xs, ys } of this.#parts) tf.dispose([xs, ys]);
      this.#known.clear();
    }
  }

  override async dispose(): Promise<void> {
    this.#restore();
    await super.dispose();
  }

  #shared(rule: SharpnessRule): SharpnessRule {
    const shared = (oracle: GradientOracle) =>
      overriding(oracle, {
        evaluate: (request?: EvaluationRequest) => this.#evaluate(oracle, request),
        value: (request) => oracle.value({ ...request, loss: request?.loss ?? this.#wholeLoss }),
      } as Partial<GradientOracle>);
    const { afterStep } = rule;
    return {
      ...rule,
      direction: (oracle) => {
        this.#known.clear();
        return rule.direction(shared(oracle));
      },
      ...(afterStep && {
        afterStep: (oracle) => {
          this.#known.clear();
          afterStep(shared(oracle));
        },
      }),
    };
  }

  readonly #wholeLoss = () => this.loss(this.model, this.#whole!.xs, this.#whole!.ys);

  #evaluate(oracle: GradientOracle, request: EvaluationRequest = {}): Evaluation {
    const { perturbation, loss, objective = 'descent' } = request;
    if (loss !== undefined || this.#parts.length === 1) return oracle.evaluate(request);
    const known = perturbation === undefined ? this.#known.get(objective) : undefined;
    if (known) return known;
    const asked = this.#ask(oracle.variables, perturbation);
    // The perturbation is read again where a worker is lost.
    const own = oracle.evaluate({ ...request, donate: false });
    const evaluation = this.#mean(own, oracle.variables, asked);
    if (perturbation === undefined) this.#known.set(objective, evaluation);
    return evaluation;
  }

  /** Gives the parts to the workers, at the weights of the evaluation. */
  #ask(variables: readonly tf.Variable[], perturbation: EvaluationRequest['perturbation']): ParamVector {
    const own = this.variables;
    if (variables.length !== own.length || variables.some((variable, i) => variable !== own[i]))
      throw new Error(
        'DataParallelTrainer: expected a loss that reaches every trainable variable of the model, got one that does not',
      );
    const weights = perturbation
      ? displaced(variables, perturbation, false)
      : variables.map((variable) => tf.clone(variable) as tf.Tensor);
    this.#parts.slice(1).forEach((part, i) => {
      this.pool.ask(i, weights, part);
    });
    return weights;
  }

  #mean(own: Evaluation, variables: readonly tf.Variable[], weights: ParamVector): Evaluation {
    const count = (part: Batch) => part.xs.shape[0]!;
    const total = this.#parts.reduce((sum, part) => sum + count(part), 0);
    return tf.tidy(() => {
      let loss = tf.mul(own.loss, count(this.#parts[0]!) / total);
      let gradient = scale(count(this.#parts[0]!) / total, own.gradient);
      this.#parts.slice(1).forEach((part, i) => {
        const answer = this.pool.wait(i) ?? this.#repeat(weights, part);
        const share = count(part) / total;
        loss = tf.add(loss, answer.loss * share);
        const other = variables.map((variable, v) => tf.tensor(answer.gradient[v]!.slice(), variable.shape));
        gradient = axpy(share, other, gradient);
      });
      return { loss: loss as tf.Scalar, gradient };
    });
  }

  /** Evaluates on this thread what a lost worker was asked for. */
  #repeat(weights: ParamVector, { xs, ys }: Batch): NonNullable<Answer> {
    return atWeights(this.model, weights, () => this.loss(this.model, xs, ys));
  }
}

/** A batch in as many parts as there are threads, or examples; sizes differ by one at most. */
function split({ xs, ys }: Batch, threads: number): Batch[] {
  const count = xs.shape[0]!;
  const parts = Math.min(threads, count);
  return Array.from({ length: parts }, (_, i) => {
    const from = Math.floor((i * count) / parts);
    const size = Math.floor(((i + 1) * count) / parts) - from;
    return { xs: tf.slice(xs, from, size), ys: tf.slice(ys, from, size) };
  });
}
