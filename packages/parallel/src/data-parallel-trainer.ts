import * as tf from '@tensorflow/tfjs-core';
import {
  axpy,
  type Evaluation,
  type EvaluationRequest,
  type GradientOracle,
  type PartOracle,
  requireOneOf,
  type SharpnessRule,
} from '@tfjs-sam/core';
import type { Batch } from './gradient-worker.js';
import { shared } from './manner.js';
import { PerWorkerStep } from './per-worker.js';
import { isPlain, weightsOf } from './requests.js';
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
 * Evaluations that are not of the batch's plain loss (of a single example, with frozen kinks, without gradient) are made on
 * this thread.
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
          ? this.optimizer.minimize(() => shared(shards.lossOf(0), shards.shares[0]), true, options.varList)
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
    const whole = () => this.task.loss(this.model, this.#whole!.xs, this.#whole!.ys);
    const overWhole = (oracle: GradientOracle) => {
      if (this.#shards!.parts.length === 1) return oracle;
      return overriding(oracle, {
        evaluate: (request: EvaluationRequest = {}) =>
          isPlain(request)
            ? this.#evaluate(oracle as PartOracle, request)
            : oracle.evaluate({ ...request, loss: request.loss ?? whole }),
        value: (request) => oracle.value({ ...request, loss: request?.loss ?? whole }),
        losses: (request) => oracle.losses({ ...request, loss: request?.loss ?? whole }),
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
      const { objective = 'descent' } = request;
      const { shares } = this.#shards!;
      const weights = weightsOf(oracle, request);
      for (let part = 1; part < shares.length; part++)
        this.#shards!.ask(part, weights, { objective, draws: oracle.drawsOf(part), share: shares[part] });
      const sum = this.#sum(own());
      tf.dispose(weights);
      return sum;
    });
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
      for (let part = 1; part < this.#shards!.parts.length; part++) {
        const other = this.#shards!.answer(part);
        loss = tf.add(loss, other.loss);
        gradient = axpy(1, other.gradient, gradient, true);
      }
      return { loss, gradient };
    });
  }
}
