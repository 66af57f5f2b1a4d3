/** Numbers of one split by name, `accuracy` and `loss` (nats) for a classifier. Not finite is null. */
export type Metrics = Readonly<Record<string, number | null>>;

/** Values of the options that a search varies, by path: `{ "optimizer.rho": 0.1 }`. */
export type Point = Readonly<Record<string, unknown>>;

/** The standing of a trial when one of its epochs had ended. */
export interface EpochRecord {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Optimizer steps since the trial began. */
  readonly steps: number;
  /** Gradient evaluations since the trial began. */
  readonly gradients: number;
  /** Seconds spent in steps since the trial began: without evaluation, without loading. */
  readonly seconds: number;
  /** Median time of this epoch's steps, in milliseconds. */
  readonly stepMs: number;
  /** Means over this epoch's batches, as training saw them: `loss`, before each step. */
  readonly train: Metrics;
  /** At the end of the epoch; empty where the task has no validation split. */
  readonly validation: Metrics;
  /** At the end of the epoch. */
  readonly test: Metrics;
}

/** A measure's findings on a trained model. */
export interface Measured {
  /** The number; null where it is not finite. */
  readonly value: number | null;
  /** Its standard error, where it is an estimate. */
  readonly error?: number | undefined;
  /** Why the number must not be trusted, where it must not. */
  readonly unreliable?: string | undefined;
}

/** A drawing that belongs to a trial: a loss landscape, the path of two weights. */
export type Figure =
  | {
      readonly kind: 'grid';
      readonly title: string;
      /** Coordinates of the columns and of the rows. */
      readonly x: readonly number[];
      readonly y: readonly number[];
      /** `z[row][column]`. */
      readonly z: readonly (readonly (number | null)[])[];
    }
  | {
      readonly kind: 'line';
      readonly title: string;
      /** Points in order. */
      readonly points: readonly (readonly [number, number])[];
    };

/** Times of a trial's steps in milliseconds, without its first ten. */
export interface StepTimes {
  readonly count: number;
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
}

/** Where a trial is in its life. `stopped`: its ρ was not worth more epochs, so that it serves the choice alone. */
export type TrialState = 'queued' | 'running' | 'done' | 'stopped' | 'failed';

/** The course of a finished training. `diverged`: a loss that is not finite. `chance`: no better than guessing. */
export type Outcome = 'ok' | 'diverged' | 'chance';

/** One training: a task, an arm, a point of the arm's search, a seed. */
export interface TrialResult {
  /** Hash of the whole resolved configuration, of the data and of the code. */
  readonly id: string;
  readonly task: string;
  readonly arm: string;
  /** The point of the arm's search; empty where the arm searches nothing. */
  readonly point: Point;
  /** Names split (where the task asks for it), initial weights, order of batches and random draws. */
  readonly seed: number;
  readonly state: TrialState;
  /** Why a trial failed or was stopped, or why its outcome is not `ok`. */
  readonly reason?: string | undefined;
  /** Of a trial that is done. */
  readonly outcome?: Outcome | undefined;
  /** The number of times that it was begun. */
  readonly attempts: number;
  /** Every epoch that was trained, in order. */
  readonly epochs: readonly EpochRecord[];
  /** After the last epoch, the training split as a whole among them; of a trial that is done. */
  readonly last?: FinalMetrics | undefined;
  /** The epoch with the best validation metric (early stopping), of a trial that is done and has such a split. */
  readonly best?: (FinalMetrics & { readonly epoch: number }) | undefined;
  /** The measures' findings after the last epoch, by name. */
  readonly measures: Readonly<Record<string, Measured>>;
  readonly figures: readonly Figure[];
  readonly stepTimes?: StepTimes | undefined;
}

/** The splits' metrics at one moment. `train` is empty where the whole training split was not measured. */
export interface FinalMetrics {
  readonly train: Metrics;
  readonly validation: Metrics;
  readonly test: Metrics;
}

/** The subject of a task's training. */
export interface TaskInfo {
  readonly name: string;
  /** One line: model, data, sizes. */
  readonly summary: string;
  /** Number that the comparison is about: `accuracy`. */
  readonly metric: string;
  readonly better: 'higher' | 'lower';
  /** Classes of a classifier: 1 / classes is chance. */
  readonly classes?: number | undefined;
}

/** A point of an arm's search on one task, and how it did on the validation split. */
export interface PointResult {
  readonly task: string;
  readonly point: Point;
  /** Identities of its trials. */
  readonly trials: readonly string[];
  /** The task's metric on the validation split, for each seed that ran to the end. */
  readonly validation: readonly (number | null)[];
  /** True of a point that goes into the comparison. */
  readonly chosen: boolean;
}

/** One of the things that are compared. */
export interface ArmInfo {
  readonly name: string;
  /** The key of groups and colours: the variant, or the base optimizer where it is alone. */
  readonly group: string;
  /** The method in one line. */
  readonly summary: string;
  /** Where it was published. */
  readonly source: string;
  /** Gradient evaluations per step, where they are known. */
  readonly gradientsPerStep?: number | undefined;
  /** Every option of optimizer and task by path, as resolved (without those that the search varies). */
  readonly options: Readonly<Record<string, unknown>>;
  /** Every point of its search on every task; one without values where it searches nothing. */
  readonly points: readonly PointResult[];
  /** Tasks on which no point of its search is chosen, or ever will be: all trials that tell failed or diverged. */
  readonly hopeless?: readonly string[] | undefined;
}

/** A number that a measure gives, for the head of a column. */
export interface MeasureInfo {
  /** Key in `TrialResult.measures`. */
  readonly name: string;
  readonly title: string;
  /** The better direction; undefined where neither is. */
  readonly better?: 'higher' | 'lower' | undefined;
}

/** Where results come from. */
export interface Provenance {
  /** The command that ran, to copy. */
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** When the last trial ended; undefined while some are open. */
  readonly finishedAt?: string | undefined;
  /** Versions, machine, backend: name and value of each line to show. */
  readonly environment: Readonly<Record<string, string | number>>;
  /** Git revision of the working directory, with `+` where it has changes. */
  readonly git?: string | undefined;
}

/** A whole study as its folder tells it, finished or not. */
export interface StudyResults {
  readonly name: string;
  /** Its question, from the study file. */
  readonly description?: string | undefined;
  /** Absolute path. */
  readonly folder: string;
  /** Hash of the resolved study. */
  readonly hash: string;
  /** The study as YAML with defaults written out, to copy. */
  readonly configuration: string;
  readonly tasks: readonly TaskInfo[];
  readonly arms: readonly ArmInfo[];
  /** Arm that the others are compared with. */
  readonly baseline: string;
  readonly seeds: readonly number[];
  readonly measures: readonly MeasureInfo[];
  /** Every trial: those of the comparison (see {@link comparedTrials}) and those that only served the choice. */
  readonly trials: readonly TrialResult[];
  readonly provenance: Provenance;
}

/** The trials of one arm on one task that the comparison is about: those of its chosen point, by seed. */
export function comparedTrials(results: StudyResults, arm: string, task: string): TrialResult[] {
  const points = results.arms.find(({ name }) => name === arm)?.points ?? [];
  const chosen = new Set(points.find((point) => point.task === task && point.chosen)?.trials ?? []);
  return results.trials
    .filter((trial) => trial.task === task && chosen.has(trial.id) && trial.arm === arm)
    .sort((a, b) => a.seed - b.seed);
}
