import type { EpochRecord, Figure, FinalMetrics, Measured, Outcome, Point, StepTimes } from '../results.js';
import type { JsonObject } from '../study/paths.js';

/** The causes of a trial's results: hashed, with the data's checksum and the code's version, into its identity. */
export interface TrialConfig {
  /** Complete. */
  readonly task: JsonObject;
  /** As the study says it, at the trial's point; schedules may leave their end to the task. */
  readonly optimizer: JsonObject;
  /** Complete, each. */
  readonly measures: readonly JsonObject[];
  readonly backend: { readonly name: string; readonly deterministic: boolean };
}

/** One training to do: plain JSON, so that any process on any machine can do it. */
export interface TrialSpec {
  readonly id: string;
  readonly task: string;
  readonly arm: string;
  readonly point: Point;
  readonly seed: number;
  readonly config: TrialConfig;
  /** Checksum of the data that the trial is of: another machine's may be others. */
  readonly checksum?: string | undefined;
  /** Packages and absolute paths of files that provide parts. */
  readonly plugins: readonly string[];
}

/** The results of a training: all of it, so that it needs no shared disk. */
export interface TrialOutput {
  /** `paused`: at the end of the epochs that it was given. */
  readonly state: 'done' | 'paused';
  readonly epochs: readonly EpochRecord[];
  readonly outcome?: Outcome | undefined;
  readonly reason?: string | undefined;
  readonly last?: FinalMetrics | undefined;
  readonly best?: (FinalMetrics & { readonly epoch: number }) | undefined;
  readonly measures: Readonly<Record<string, Measured>>;
  readonly figures: readonly Figure[];
  readonly stepTimes?: StepTimes | undefined;
}
