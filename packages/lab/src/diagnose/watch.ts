import * as tf from '@tensorflow/tfjs';
import type { LossClosure, Objective } from '@tfjs-sam/core';
import { seededRandom } from '@tfjs-sam/datasets';

/** A training as `diagnose` looks at it: what a module exports as a function, or an arm of a study. */
export interface DiagnosedTraining {
  readonly optimizer: tf.Optimizer;
  /** The trained variables. */
  readonly variables: readonly tf.Variable[];
  /** Variables that training changes beside them: moving averages of batch normalisation. */
  readonly statistics?: readonly tf.Variable[] | undefined;
  /**
   * Does one step, as the training does: by `optimizer.minimize`, `model.trainOnBatch` or by hand. Its tensors must live
   * on, for the loss is looked at afterwards: return a function that disposes them.
   */
  step(index: number): unknown;
  dispose?(): void;
}

/** Observations of one step. */
export interface WatchedStep {
  /** Times that the optimizer evaluated the loss. */
  readonly evaluations: number;
  /** ‖θ‖ at its begin. */
  readonly weights: number;
  /** Largest ‖δ‖ at which the loss was evaluated. */
  readonly perturbation: number;
  /** ‖θ after − θ before‖. */
  readonly update: number;
  /** ‖∇L(θ)‖; NaN where the optimizer never saw the loss. */
  readonly gradient: number;
  /** Cosine between ∇L(θ) and ∇L(θ + δ); NaN without a perturbation. */
  readonly cosine: number;
  /** The optimizer left other statistics than those after the first evaluation. */
  readonly statisticsMovedLater: boolean;
  /** The perturbation asked for an objective of its own. */
  readonly askedForAscent: boolean;
  /** The loss tells 'ascent' from 'descent'. */
  readonly tellsAscent: boolean;
  /** Two evaluations at one place, with the same random numbers, agree. */
  readonly repeatable: boolean;
}

/** Values on the host: a copy on the device may share its data with an optimizer that writes in place. */
type Values = readonly Float32Array[];

const valuesOf = (tensors: readonly tf.Tensor[]): Values =>
  tensors.map((tensor) => Float32Array.from(tensor.dataSync()));

function put(variables: readonly tf.Variable[], values: Values): void {
  variables.forEach((variable, i) => {
    tf.tidy(() => variable.assign(tf.tensor(values[i]!, variable.shape, variable.dtype as 'float32')));
  });
}

const dot = (a: Values, b: Values): number =>
  a.reduce((sum, part, i) => sum + part.reduce((inner, value, k) => inner + value * b[i]![k]!, 0), 0);

const length = (a: Values): number => Math.sqrt(dot(a, a));

/** ‖a − b‖. */
function distance(a: Values, b: Values): number {
  return length(a.map((part, i) => part.map((value, k) => value - b[i]![k]!)));
}

/** Runs `f` with one stream of random numbers, whatever the step drew. */
function withRandom<T>(f: () => T): T {
  const { random } = Math;
  Math.random = seededRandom(5);
  try {
    return f();
  } finally {
    Math.random = random;
  }
}

/** Stands between a training and its optimizer, and looks at what the loss is asked and where. */
class Watch {
  readonly #training: DiagnosedTraining;
  readonly #statistics: readonly tf.Variable[];
  #loss: LossClosure | undefined;
  #start: Values = [];
  #farthest: Values | undefined;
  #perturbation = 0;
  #evaluations = 0;
  #ascent = false;
  #afterFirst: Values | undefined;
  #afterLast: Values | undefined;
  #inside = false;

  constructor(training: DiagnosedTraining) {
    this.#training = training;
    this.#statistics = training.statistics ?? [];
    for (const method of ['minimize', 'computeGradients'] as const) this.#stand(method);
    this.#stand('minimizeOver');
  }

  /** Wraps a method of the optimizer so that the losses given to it are watched. */
  #stand(method: 'minimize' | 'computeGradients' | 'minimizeOver'): void {
    const optimizer = this.#training.optimizer as unknown as Record<string, unknown>;
    const original = optimizer[method];
    if (typeof original !== 'function') return;
    optimizer[method] = (loss: LossClosure | readonly LossClosure[], ...rest: unknown[]) => {
      // One calls the other: the outermost is the training's.
      if (this.#inside) return original.call(optimizer, loss, ...rest);
      this.#inside = true;
      try {
        const losses = Array.isArray(loss)
          ? loss.map((one) => this.#watched(one))
          : this.#watched(loss as LossClosure);
        return original.call(optimizer, losses, ...rest);
      } finally {
        this.#inside = false;
        this.#afterLast = valuesOf(this.#statistics);
      }
    };
  }

  #watched(loss: LossClosure): LossClosure {
    this.#loss = loss;
    return (objective?: Objective) => {
      this.#look(objective);
      const value = loss(objective);
      this.#afterFirst ??= valuesOf(this.#statistics);
      return value;
    };
  }

  #look(objective: Objective | undefined): void {
    this.#evaluations++;
    this.#ascent ||= objective === 'ascent';
    const values = valuesOf(this.#training.variables);
    const moved = distance(values, this.#start);
    if (moved <= this.#perturbation) return;
    this.#perturbation = moved;
    this.#farthest = values;
  }

  async step(index: number): Promise<WatchedStep> {
    const { variables } = this.#training;
    [this.#loss, this.#farthest] = [undefined, undefined];
    [this.#afterFirst, this.#afterLast] = [undefined, undefined];
    [this.#perturbation, this.#evaluations, this.#ascent] = [0, 0, false];
    this.#start = valuesOf(variables);
    const free = await this.#training.step(index);
    const end = { weights: valuesOf(variables), statistics: valuesOf(this.#statistics) };
    const probed = this.#probe();
    put(variables, end.weights);
    put(this.#statistics, end.statistics);
    const seen = {
      evaluations: this.#evaluations,
      weights: length(this.#start),
      perturbation: this.#perturbation,
      update: distance(end.weights, this.#start),
      statisticsMovedLater: distance(this.#afterLast ?? [], this.#afterFirst ?? []) > 0,
      askedForAscent: this.#ascent,
      ...probed,
    };
    if (typeof free === 'function') free();
    return seen;
  }

  /** Looks at the step's loss anew, where the step began and where its perturbation led. */
  #probe(): Pick<WatchedStep, 'gradient' | 'cosine' | 'tellsAscent' | 'repeatable'> {
    const { variables } = this.#training;
    const loss = this.#loss;
    if (!loss) return { gradient: Number.NaN, cosine: Number.NaN, tellsAscent: false, repeatable: true };
    const scalar = (objective: Objective) => (): tf.Scalar => tf.mean(loss(objective)) as tf.Scalar;
    const value = (objective: Objective): number =>
      withRandom(() => tf.tidy(() => scalar(objective)().dataSync()[0]!));
    const gradient = (): Values => {
      const { value: cost, grads } = withRandom(() =>
        tf.variableGrads(scalar('descent'), variables as tf.Variable[]),
      );
      const values = variables.map(({ name, size }) =>
        grads[name] ? Float32Array.from(grads[name].dataSync()) : new Float32Array(size),
      );
      tf.dispose([cost, grads]);
      return values;
    };
    put(variables, this.#start);
    const [first, again, ascent] = [value('descent'), value('descent'), value('ascent')];
    const here = gradient();
    let cosine = Number.NaN;
    if (this.#farthest && this.#perturbation > 0) {
      put(variables, this.#farthest);
      const there = gradient();
      cosine = dot(here, there) / (length(here) * length(there));
    }
    return { gradient: length(here), cosine, tellsAscent: ascent !== first, repeatable: again === first };
  }
}

/** Does some steps of a training and looks at each. The weights move as the training moves them. */
export async function watchSteps(training: DiagnosedTraining, steps: number): Promise<WatchedStep[]> {
  const watch = new Watch(training);
  const seen: WatchedStep[] = [];
  for (let index = 0; index < steps; index++) seen.push(await watch.step(index));
  return seen;
}
