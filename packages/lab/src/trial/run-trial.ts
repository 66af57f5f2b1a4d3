import type * as tf from '@tensorflow/tfjs';
import type { Registry } from '@tfjs-sam/core/registry';
import { median, quantile } from 'simple-statistics';
import { isSystemError } from '../errors.js';
import { namedMeasures } from '../measures/named.js';
import type { EpochRecord, FinalMetrics, Measured, Metrics, Outcome, StepTimes } from '../results.js';
import { type Progress, restoreCheckpoint, writeCheckpoint } from './checkpoint.js';
import { createOptimizer } from './optimizer.js';
import { seeded } from './seeded.js';
import type { TrialOutput, TrialSpec } from './spec.js';
import type { LoadedTask, Preparation, Problem, Split, StepBatch } from './task.js';

/** The surroundings of a training: who hears of it, how far it goes, and where it leaves checkpoints. */
export interface TrialHost {
  /** An epoch has ended. */
  epoch?(record: EpochRecord): void;
  /** Something moves. Called some twenty times a second, between pieces of work; what it throws ends the trial. */
  beat?(): void;
  /** Last epoch to train now. Default: all. */
  readonly until?: number | undefined;
  readonly keep?: Preparation['keep'];
  readonly checkpoint?: {
    /** To go on from, where there is one. */
    readonly from: string;
    /** Seconds from one to the next. */
    readonly seconds: number;
    /** A path for a new one. */
    path(epoch: number): string;
    /** It is on disk. */
    written(path: string, epoch: number): void | Promise<void>;
  };
}

/** Steps that do not count for the step time: the first ones compile code and grow memory. */
const warmUpSteps = 10;
/** On wasm a training never waits for anything: without a pause no timer, no message and no signal is seen. */
const pauseEveryMs = 50;

/** Stands at the end of pieces of work and lets timers, messages and signals through in time. */
class Pacer {
  readonly #beat: () => void;
  #paused = performance.now();

  constructor(beat: () => void = () => {}) {
    this.#beat = beat;
  }

  pause = async (): Promise<void> => {
    if (performance.now() - this.#paused < pauseEveryMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#paused = performance.now();
    this.#beat();
  };

  /** Runs a generator to its end with pauses between its pieces. */
  async finish<T>(pieces: Generator<void, T, void>): Promise<T> {
    for (;;) {
      const { done, value } = pieces.next();
      if (done) return value;
      await this.pause();
    }
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

class Training {
  readonly #spec: TrialSpec;
  readonly #task: LoadedTask;
  readonly #problem: Problem;
  readonly #optimizer: tf.Optimizer;
  readonly #host: TrialHost;
  readonly #pacer: Pacer;
  #epochs: EpochRecord[] = [];
  #stepMs: number[] = [];
  #saved = performance.now();
  /** Why training cannot go on. */
  diverged: string | undefined;

  constructor(
    spec: TrialSpec,
    task: LoadedTask,
    problem: Problem,
    optimizer: tf.Optimizer,
    host: TrialHost,
    pacer: Pacer,
  ) {
    this.#spec = spec;
    this.#task = task;
    this.#problem = problem;
    this.#optimizer = optimizer;
    this.#host = host;
    this.#pacer = pacer;
  }

  get progress(): Progress {
    return { epochs: this.#epochs, stepMs: this.#stepMs };
  }

  async restore(): Promise<void> {
    const { checkpoint } = this.#host;
    if (!checkpoint || this.#problem.resumable === false) return;
    const progress = await restoreCheckpoint<Progress>(checkpoint.from, this.#problem, this.#optimizer);
    if (!progress) return;
    this.#epochs = [...progress.epochs];
    this.#stepMs = [...progress.stepMs];
  }

  async train(until: number): Promise<void> {
    while (this.#epochs.length < until && this.diverged === undefined) {
      const record = await this.#epoch(this.#epochs.length);
      this.#epochs.push(record);
      this.#host.epoch?.(record);
      await this.#checkpoint(this.#epochs.length === until && until < this.#task.epochs);
    }
  }

  /** Trains for one epoch, then measures outside the timed steps. */
  async #epoch(index: number): Promise<EpochRecord> {
    const before = this.#epochs.at(-1);
    let [loss, count, gradients, ms] = [0, 0, 0, 0];
    const first = this.#stepMs.length;
    for (const batch of this.#problem.batches(index)) {
      const step = await this.#step(batch);
      this.#stepMs.push(step.ms);
      loss += step.loss;
      gradients += step.gradients;
      ms += step.ms;
      count++;
      await this.#pacer.pause();
      if (!Number.isFinite(step.loss)) {
        this.diverged = `the loss of step ${this.#stepMs.length} was ${step.loss}`;
        break;
      }
    }
    return {
      epoch: index + 1,
      steps: this.#stepMs.length,
      gradients: (before?.gradients ?? 0) + gradients,
      seconds: (before?.seconds ?? 0) + ms / 1000,
      stepMs: median(this.#stepMs.slice(first)),
      train: { loss: finite(loss / count) },
      validation: await this.#evaluate('validation'),
      test: await this.#evaluate('test'),
    };
  }

  async #step(batch: StepBatch): Promise<{ loss: number; ms: number; gradients: number }> {
    let gradients = 0;
    const loss = (objective?: 'ascent' | 'descent'): tf.Scalar => {
      gradients++;
      return batch.loss(objective);
    };
    const start = performance.now();
    gradients += batch.prepare?.() ?? 0;
    const cost = seeded(
      'training',
      this.#spec.seed,
      this.#stepMs.length,
      () => this.#optimizer.minimize(loss, true, this.#problem.variables) as tf.Scalar,
    );
    // Backends that queue their work have finished the step when a value computed in it can be read.
    const value = (await cost.data())[0]!;
    const ms = performance.now() - start;
    cost.dispose();
    batch.dispose();
    return { loss: value, ms, gradients };
  }

  #evaluate(split: Split): Promise<Metrics> {
    return this.#pacer.finish(this.#problem.evaluate(split));
  }

  async #checkpoint(pausing: boolean): Promise<void> {
    const { checkpoint } = this.#host;
    if (!checkpoint || this.diverged !== undefined || this.#problem.resumable === false) return;
    const due = performance.now() - this.#saved > 1000 * checkpoint.seconds;
    if (!pausing && (!due || this.#epochs.length === this.#task.epochs)) return;
    const epoch = this.#epochs.length;
    const path = checkpoint.path(epoch);
    this.#saved = performance.now();
    try {
      await writeCheckpoint(path, this.#problem, this.#optimizer, this.progress);
    } catch (error) {
      // A disk that is full is not the training's fault, which goes on; after a stop it would begin again.
      if (!isSystemError(error)) throw error;
      console.warn(`No checkpoint of trial ${this.#spec.id} after epoch ${epoch}: ${error.message}`);
      return;
    }
    await checkpoint.written(path, epoch);
  }

  /** The course of the training, after its last epoch. */
  async conclude(): Promise<Pick<TrialOutput, 'last' | 'best' | 'outcome' | 'reason' | 'stepTimes'>> {
    const { validation = {}, test = {} } = this.#epochs.at(-1) ?? {};
    const train = await this.#evaluate('train');
    const { outcome, reason } = this.#outcome(train);
    return {
      last: { train, validation, test },
      best: this.#best(),
      outcome,
      reason,
      stepTimes: stepTimes(this.#stepMs),
    };
  }

  #best(): (FinalMetrics & { readonly epoch: number }) | undefined {
    const { metric, better } = this.#task;
    const sign = better === 'higher' ? 1 : -1;
    const score = ({ validation }: EpochRecord): number =>
      sign * (validation[metric] ?? Number.NEGATIVE_INFINITY * sign);
    const best = this.#epochs.reduce<EpochRecord | undefined>(
      (found, record) => (found === undefined || score(record) > score(found) ? record : found),
      undefined,
    );
    if (best === undefined || best.validation[metric] === undefined) return undefined;
    return { epoch: best.epoch, train: {}, validation: best.validation, test: best.test };
  }

  #outcome(train: Metrics): { readonly outcome: Outcome; readonly reason?: string } {
    if (this.diverged !== undefined) return { outcome: 'diverged', reason: this.diverged };
    const { classes, examples } = this.#task;
    const { accuracy } = train;
    if (classes === undefined || typeof accuracy !== 'number') return { outcome: 'ok' };
    const chance = 1 / classes;
    if (accuracy > chance + 2 * Math.sqrt((chance * (1 - chance)) / examples)) return { outcome: 'ok' };
    return {
      outcome: 'chance',
      reason: `training accuracy ${(100 * accuracy).toFixed(1)} % of ${classes} classes is no better than guessing`,
    };
  }
}

function stepTimes(all: readonly number[]): StepTimes {
  // A training too short for the whole warm-up still keeps its later half.
  const timed = all.slice(Math.min(warmUpSteps, Math.floor(all.length / 2)));
  return {
    count: timed.length,
    median: median(timed),
    p10: quantile(timed, 0.1),
    p90: quantile(timed, 0.9),
  };
}

async function measured(
  registry: Registry,
  { config, seed }: TrialSpec,
  problem: Problem,
  pacer: Pacer,
  diverged: boolean,
): Promise<Record<string, Measured>> {
  const found: Record<string, Measured> = {};
  for (const measure of namedMeasures(registry, config.measures)) {
    if (diverged) {
      for (const { name } of measure.columns)
        found[name] = { value: null, unreliable: 'the training diverged' };
    } else {
      Object.assign(found, await measure.measure({ problem, seed, pause: pacer.pause }));
    }
    await pacer.pause();
  }
  return found;
}

/**
 * Does one trial, from a checkpoint where there is one. Everything random follows from the seed: equal
 * specifications give equal results (times apart), however often they are interrupted.
 *
 * TensorFlow.js must have the backend that the specification names. Leaves no tensors behind.
 */
export async function runTrial(
  spec: TrialSpec,
  registry: Registry,
  host: TrialHost = {},
): Promise<TrialOutput> {
  const pacer = new Pacer(() => host.beat?.());
  const task = await registry.build('task', spec.config.task).load();
  if (spec.checksum !== undefined && task.checksum !== spec.checksum) {
    throw new Error(
      `expected the data that the study began with (checksum ${spec.checksum}), got others (${task.checksum})`,
    );
  }
  const problem = await task.problem(spec.seed, { pause: pacer.pause, keep: host.keep });
  const span = {
    steps: task.epochs * task.stepsPerEpoch,
    stepsPerEpoch: task.stepsPerEpoch,
    examples: task.examples,
  };
  let optimizer: tf.Optimizer | undefined;
  try {
    optimizer = createOptimizer(registry, spec.config.optimizer, span, spec.seed);
    const training = new Training(spec, task, problem, optimizer, host, pacer);
    await training.restore();
    const until = Math.min(host.until ?? task.epochs, task.epochs);
    await training.train(until);
    const { epochs } = training.progress;
    if (until < task.epochs && training.diverged === undefined) {
      return { state: 'paused', epochs, measures: {}, figures: [] };
    }
    const conclusion = await training.conclude();
    const measures = await measured(registry, spec, problem, pacer, training.diverged !== undefined);
    return { state: 'done', epochs, ...conclusion, measures, figures: problem.figures?.() ?? [] };
  } finally {
    optimizer?.dispose();
    problem.dispose();
  }
}
