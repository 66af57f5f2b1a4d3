import * as tf from '@tensorflow/tfjs-core';
import {
  displaced,
  type GradientOracle,
  type ParamVector,
  type PartOracle,
  type RuleState,
  type SharpnessRule,
} from '@tfjs-sam/core';
import type { Batch } from './gradient-worker.js';
import { atWeights } from './here.js';
import type { Manner } from './protocol.js';
import { overwrite, received, valuesOf } from './tensors.js';
import { ParallelTrainer, type Prepared, prepare, type Taken, type TrainerOptions } from './trainer.js';
import { type Evaluation, type EvaluationRequest, overriding, replaceRule } from './wrapped-oracle.js';

/** An evaluation that a worker is busy with. */
interface Pending {
  readonly batch: Batch;
  readonly manner: Manner;
  readonly moved: ParamVector;
  readonly loss: tf.Scalar;
  /** Empty until the worker has answered: the rule may remember it, and read it after its own evaluation. */
  readonly gradient: tf.Tensor[];
  /** The name under which the rule remembers the gradient. */
  key?: string;
}

/**
 * Trains by SAMPa with both gradients of a step at once: one on this thread, one on a worker.
 *
 * The gradient at the perturbed point of step t and the one at the auxiliary point of step t + 1 need the same weights and not
 * one another: the first is given to a worker at the end of step t, and is there when step t + 1 needs it. The
 * trajectory is that of the sequential `sampa`, bit for bit (losses without random draws; batch statistics are those of the
 * pass on this thread, as there).
 *
 * @example
 * const trainer = await SampaTrainer.create({ model, loss: 'categoricalCrossentropy', optimizer: sampa(base) });
 * await trainer.fit(x, y, { epochs: 10, batchSize: 128 });
 * await trainer.dispose();
 * @see Xie et al. 2024, "SAMPa: Sharpness-aware Minimization Parallelized". https://arxiv.org/abs/2410.10683
 */
export class SampaTrainer extends ParallelTrainer {
  readonly #restore: () => void;
  #batch: Batch | undefined;
  #last = false;
  #pending: Pending | undefined;

  private constructor(prepared: Prepared, options: TrainerOptions) {
    super(prepared, options);
    this.#restore = replaceRule(options.optimizer, (rule) => this.#concurrent(rule));
  }

  /**
   * A trainer whose worker is ready.
   *
   * @throws TypeError for an optimizer that is not SAMPa's; Error where it skips steps, whose outcome the worker would
   *   have to wait for, on a backend other than wasm and cpu, or when the worker does not start.
   */
  static async create(options: TrainerOptions): Promise<SampaTrainer> {
    const { optimizer } = options;
    if (optimizer?.rule?.afterStep === undefined)
      throw new TypeError(
        `SampaTrainer: expected an optimizer made by sampa(), got ${optimizer?.rule?.name}`,
      );
    if (optimizer.getConfig().onNonFinite === 'skip')
      throw new Error(
        'SampaTrainer: expected onNonFinite "pass", got "skip": use DataParallelTrainer with it',
      );
    return new SampaTrainer(await prepare('SampaTrainer', options, 1), options);
  }

  protected override run(batch: Batch, last: boolean): Taken {
    this.#batch = batch;
    this.#last = last;
    const closure = () => this.task.loss(this.model, batch.xs, batch.ys);
    const cost = this.optimizer.minimize(closure, true, this.variables) as tf.Scalar;
    return { cost, asked: last ? 0 : 1 };
  }

  override async dispose(): Promise<void> {
    this.#settle();
    this.#forget();
    this.#restore();
    await super.dispose();
  }

  #concurrent(rule: SharpnessRule): SharpnessRule {
    return {
      ...rule,
      direction: (oracle) => {
        const step = rule.direction(
          overriding(oracle, {
            state: this.#remembering(oracle.state),
            evaluate: (request?: EvaluationRequest) => {
              const evaluation = oracle.evaluate(request);
              this.#settle();
              return evaluation;
            },
          }),
        );
        this.#forget();
        return step;
      },
      afterStep: (oracle) => {
        if (this.#last || this.task.pool.resting) rule.afterStep!(oracle);
        else
          rule.afterStep!(
            overriding(oracle, {
              state: this.#remembering(oracle.state),
              evaluate: (request?: EvaluationRequest) => this.#later(oracle, request),
            }),
          );
      },
    };
  }

  /** A rule's state in which a gradient that is on its way stands under the name that the rule gave it. */
  #remembering(state: RuleState): RuleState {
    return overriding(state, {
      set: (key: string, value: ParamVector) => {
        if (this.#pending && value === this.#pending.gradient) this.#pending.key = key;
        else state.set(key, value);
      },
      getEach: (key: string) => (this.#pending?.key === key ? this.#pending.gradient : state.getEach(key)),
    } as Partial<RuleState>);
  }

  /** Gives an evaluation to the worker; its gradient stands in the list that is returned when it has answered. */
  #later(oracle: GradientOracle, { perturbation, ...rest }: EvaluationRequest = {}): Evaluation {
    const { variables } = oracle;
    if (
      perturbation === undefined ||
      Object.keys(rest).length > 0 ||
      variables.length !== this.variables.length
    )
      return oracle.evaluate({ ...rest, perturbation });
    const { xs, ys } = this.#batch!;
    const moved = displaced(variables, perturbation, false);
    const manner: Manner = { objective: 'descent', draws: (oracle as PartOracle).drawsOf(0) };
    const tensors = tf.tidy(() => ({
      batch: { xs: tf.keep(tf.clone(xs)), ys: tf.keep(tf.clone(ys)) },
      moved: moved.map((tensor) => tf.keep(tf.clone(tensor))),
      loss: tf.keep(tf.scalar(0)),
    }));
    const pending: Pending = { ...tensors, manner, gradient: [] };
    tf.dispose(moved);
    this.#pending = pending;
    if (!this.task.pool.ask(0, pending.moved, pending.batch, manner)) this.#repeat(pending);
    return pending;
  }

  /** Waits for the worker, and fills what it was asked for. */
  #settle(): void {
    const pending = this.#pending;
    if (!pending || pending.gradient.length > 0) return;
    const answer = this.task.pool.wait(0);
    if (answer) this.#fill(pending, answer.loss, answer.gradient);
    else this.#repeat(pending);
  }

  /** Evaluates on this thread what a lost worker was asked for. */
  #repeat(pending: Pending): void {
    const { xs, ys } = pending.batch;
    tf.tidy(() => {
      const { loss, gradient } = atWeights(this.model, pending.moved, pending.manner, () =>
        this.task.loss(this.model, xs, ys),
      );
      this.#fill(pending, valuesOf(loss)[0]!, gradient.map(valuesOf));
    });
  }

  #fill(pending: Pending, loss: number, gradient: readonly Float32Array[]): void {
    overwrite(pending.loss, Float32Array.of(loss));
    for (const [i, { shape }] of this.variables.entries())
      pending.gradient.push(tf.keep(received(gradient[i]!, shape)));
  }

  /** Frees a gradient that the rule has used. */
  #forget(): void {
    if (!this.#pending) return;
    const { batch, moved, loss, gradient } = this.#pending;
    this.#pending = undefined;
    tf.dispose([batch.xs, batch.ys, moved, loss, gradient].flat().filter((tensor) => !tensor.isDisposed));
  }
}
