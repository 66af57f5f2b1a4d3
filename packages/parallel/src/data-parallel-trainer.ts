import * as tf from '@tensorflow/tfjs-core';
import {
  axpy,
  type Evaluation,
  type EvaluationRequest,
  type ExampleScope,
  type GradientOracle,
  type Objective,
  type ParamVector,
  type PartOracle,
  requireLosses,
  requireOneOf,
  type SharpnessRule,
  type ValueRequest,
} from '@tfjs-sam/core';
import type { Batch } from './gradient-worker.js';
import { packedExamples, shared } from './manner.js';
import { PerWorkerStep } from './per-worker.js';
import { isAtTheta, isPlain, weightsOf } from './requests.js';
import { Shards } from './shards.js';
import { ParallelTrainer, type Prepared, prepare, type Taken, type TrainerOptions } from './trainer.js';
import { overriding, replaceRule } from './wrapped-oracle.js';

const SHARPNESS = ['global', 'per-worker'] as const;
/** The batch that a perturbation is of: the whole one, or each thread's part of it. */
export type Sharpness = (typeof SHARPNESS)[number];

/** Options of a data-parallel trainer. */
export interface DataParallelOptions extends TrainerOptions {
  /** Threads that share a batch, this one included, an integer >= 1. Default 2. */
  readonly threads?: number | undefined;
  /**
   * 'global' (default): one perturbation, of the whole batch: every evaluation of the rule is the mean over the threads.
   * 'per-worker': each thread's part has a perturbation of its own, and the directions are averaged: m-sharpness, as
   * `minimizeOver(…, { sharpness: 'per-micro-batch' })` has it on one thread.
   */
  readonly sharpness?: Sharpness | undefined;
}

/**
 * Trains any variant with each batch split over threads.
 *
 * By default every evaluation of the rule is the mean of the parts' gradients, weighted by their sizes: one perturbation for the
 * whole batch, as if it had not been split. With `sharpness: 'per-worker'` each part has its own, and the base optimizer steps
 * once along the mean of the directions: m-sharpness, as in distributed SAM. What a rule remembers is then the mean of what
 * the parts made of it, as `minimizeOver` says.
 *
 * With one thread the trajectory is bit-equal to training without it; with more it is equal within rounding, of 'global' to
 * training on the whole batch, of 'per-worker' to accumulation over as many micro-batches. Layers that
 * look at the whole batch (batch normalisation) see the part of their thread; running statistics are those of this thread's.
 * Rules that choose or weigh examples (ESAM, K-SAM) work: the parts' losses of examples are put together. Evaluations that are not
 * of the batch's loss (of a single example, with frozen kinks) are made on this thread.
 *
 * @example
 * const trainer = await DataParallelTrainer.create({ module: new URL('./task.js', import.meta.url), optimizer, threads: 2 });
 * await trainer.fit(x, y, { epochs: 10, batchSize: 256 });
 * await trainer.dispose();
 * @see Foret et al. 2021, section 4.1 (m-sharpness). https://arxiv.org/abs/2010.01412
 */
export class DataParallelTrainer extends ParallelTrainer {
  /** Threads that share a batch, this one included. */
  readonly threads: number;
  /** The batch that a perturbation is of. */
  readonly sharpness: Sharpness;
  readonly #restore: () => void;
  #whole: Batch | undefined;
  #shards: Shards | undefined;
  #perWorker: PerWorkerStep | undefined;

  private constructor(prepared: Prepared, options: DataParallelOptions) {
    const { optimizer, threads = 2, sharpness = 'global' } = options;
    super(prepared, options);
    this.threads = threads;
    this.sharpness = sharpness;
    this.#restore = replaceRule(optimizer, (rule) =>
      sharpness === 'global' ? this.#shared(rule) : this.#apart(rule),
    );
  }

  /**
   * A trainer whose workers are ready.
   *
   * @throws RangeError when `threads` is no integer >= 1 or `sharpness` is unknown; Error for 'per-worker' with a rule that
   *   evaluates after the update (SAMPa), on a backend other than wasm and cpu, or when a worker does not start.
   */
  static async create(options: DataParallelOptions): Promise<DataParallelTrainer> {
    const { threads = 2, sharpness = 'global', optimizer } = options;
    if (!Number.isInteger(threads) || threads < 1)
      throw new RangeError(`DataParallelTrainer: expected threads to be an integer >= 1, got ${threads}`);
    requireOneOf('DataParallelTrainer', 'sharpness', sharpness, SHARPNESS);
    if (sharpness === 'per-worker' && optimizer?.rule?.afterStep)
      throw new Error(
        `DataParallelTrainer: expected sharpness "global", got "per-worker": ${optimizer.rule.name} evaluates after the update`,
      );
    return new DataParallelTrainer(await prepare('DataParallelTrainer', options, threads - 1), options);
  }

  protected override run(batch: Batch): Taken {
    this.#whole = batch;
    const shards = new Shards(this.task, batch, this.threads);
    this.#shards = shards;
    const options = { returnCost: true, varList: this.variables };
    try {
      const cost =
        this.sharpness === 'global'
          ? this.optimizer.minimize(() => this.#ownLoss(), true, options.varList)
          : this.optimizer.minimizeOver(
              shards.parts.map((_, part) => () => shards.lossOf(part)),
              { sharpness: 'per-micro-batch', ...options },
            );
      return { cost: cost as tf.Scalar, asked: shards.asked };
    } finally {
      shards.dispose();
      this.#perWorker?.dispose();
      this.#perWorker = undefined;
    }
  }

  override async dispose(): Promise<void> {
    this.#restore();
    await super.dispose();
  }

  /** A rule whose evaluations are of the whole batch. */
  #shared(rule: SharpnessRule): SharpnessRule {
    const overWhole = (oracle: GradientOracle) => {
      if (this.#shards!.parts.length === 1) return oracle;
      const part = oracle as PartOracle;
      const known = new Set<Objective>();
      const isKnown = (request: ValueRequest) =>
        isAtTheta(request) && known.has(request.objective ?? 'descent');
      /** Another loss than the batch's, or of frozen kinks: on this thread. */
      const here = <T extends ValueRequest>(request: T): T => ({
        ...request,
        loss: request.loss ?? (() => this.task.loss(this.model, this.#whole!.xs, this.#whole!.ys)),
      });
      return overriding(oracle, {
        evaluate: (request: EvaluationRequest = {}) => {
          if (!isPlain(request)) return oracle.evaluate(here(request));
          if (isAtTheta(request)) known.add(request.objective ?? 'descent');
          return this.#evaluate(part, request);
        },
        value: (request: ValueRequest = {}) => {
          if (!isPlain(request)) return oracle.value(here(request));
          return isKnown(request) ? this.#evaluate(part, request).loss : this.#value(part, request);
        },
        losses: (request: ValueRequest = {}) => {
          if (!isPlain(request)) return oracle.losses(here(request));
          return isKnown(request)
            ? requireLosses(rule.name, this.#evaluate(part, request))
            : this.#losses(part, request);
        },
      } as Partial<GradientOracle>);
    };
    const { afterStep } = rule;
    return {
      ...rule,
      direction: (oracle) => rule.direction(overWhole(oracle)),
      ...(afterStep && { afterStep: (oracle) => afterStep(overWhole(oracle)) }),
    };
  }

  /** A rule that runs for each part of the batch. */
  #apart(rule: SharpnessRule): SharpnessRule {
    return {
      ...rule,
      direction: (oracle) => {
        this.#requireAll(oracle);
        this.#perWorker ??= new PerWorkerStep(rule, this.#shards!);
        return this.#perWorker.direction(oracle as PartOracle);
      },
    };
  }

  #evaluate(oracle: PartOracle, request: EvaluationRequest): Evaluation {
    this.#requireAll(oracle);
    return oracle.evaluateAround(request, (own) => {
      const examples = request.weights && this.#shards!.weighed(request.weights);
      const weights = this.#ask(oracle, request, { examples });
      const sum = this.#sum(own(examples?.[0]));
      tf.dispose(weights);
      return sum;
    });
  }

  /** The batch's loss, without gradient. */
  #value(oracle: PartOracle, request: ValueRequest): tf.Scalar {
    return tf.tidy(() => {
      this.#ask(oracle, request, { valueOnly: true });
      const own = oracle.value({ ...request, loss: () => this.#ownLoss() });
      return tf.addN([own, ...Array.from(this.#answers(), ({ loss }) => loss)]) as tf.Scalar;
    });
  }

  /** The losses of the examples, without gradient. */
  #losses(oracle: PartOracle, request: ValueRequest): tf.Tensor1D {
    return tf.tidy(() => {
      this.#ask(oracle, request, { valueOnly: true });
      const own = oracle.losses({ ...request, loss: () => this.#ownLoss() });
      return tf.concat([own, ...Array.from(this.#answers(), ({ losses }) => losses!)]);
    });
  }

  /** The loss of this thread's part, times its share. */
  #ownLoss(): tf.Scalar {
    return shared(this.#shards!.lossOf(0), this.#shards!.shares[0]);
  }

  /** Asks the workers for an evaluation of their parts. @returns The weights, which live until they have answered. */
  #ask(
    oracle: PartOracle,
    request: EvaluationRequest,
    { examples, valueOnly }: { readonly examples?: ExampleScope[] | undefined; readonly valueOnly?: boolean },
  ): ParamVector {
    this.#requireAll(oracle);
    const { objective = 'descent' } = request;
    const { shares } = this.#shards!;
    const weights = weightsOf(oracle, request);
    for (let part = 1; part < shares.length; part++)
      this.#shards!.ask(part, weights, {
        ...{ objective, draws: oracle.drawsOf(part), share: shares[part], valueOnly },
        examples: examples && packedExamples(examples[part]!),
      });
    return weights;
  }

  /** The workers' answers, one by one. */
  *#answers(): Iterable<Evaluation> {
    for (let part = 1; part < this.#shards!.parts.length; part++) yield this.#shards!.answer(part);
  }

  #requireAll({ variables }: GradientOracle): void {
    const own = this.variables;
    if (variables.length !== own.length || variables.some((variable, i) => variable !== own[i]))
      throw new Error(
        'DataParallelTrainer: expected a loss that reaches every trainable variable of the model, got one that does not',
      );
  }

  /** The batch's evaluation: the parts' shares of it, added up in a kernel. */
  #sum(own: Evaluation): Evaluation {
    return tf.tidy(() => {
      let { loss, gradient } = own;
      const told = [own.losses ?? []].flat();
      for (const other of this.#answers()) {
        loss = tf.add(loss, other.loss);
        gradient = axpy(1, other.gradient, gradient, true);
        if (other.losses) told.push(other.losses);
      }
      return { loss, gradient, ...(own.losses && { losses: tf.concat(told) }) };
    });
  }
}
