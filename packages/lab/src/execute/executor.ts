import type { EpochRecord } from '../results.js';
import type { TrialOutput, TrialSpec } from '../trial/spec.js';

/** One piece of work: a trial, up to some epoch. Plain JSON. */
export interface Job {
  readonly spec: TrialSpec;
  readonly until?: number | undefined;
  readonly checkpoint?:
    | {
        /** To go on from, where there is one. */
        readonly from: string;
        /** Folder for new ones, with names that begin so. */
        readonly folder: string;
        readonly seconds: number;
      }
    | undefined;
  /** Folder for what trials of the study share. */
  readonly shared?: string | undefined;
  /** Silence after which the worker counts as stuck. */
  readonly stallSeconds: number;
}

/** Events of a job while it runs. */
export interface JobListener {
  epoch(record: EpochRecord): void;
  /** A checkpoint is on disk, at a path that only this job knows. */
  checkpoint(path: string): void;
}

/** Where trials run. */
export interface Executor {
  /** Jobs that it takes at a time. */
  readonly slots: number;
  /** Says what it runs on, for the log. */
  readonly description: string;
  /**
   * Does a job.
   *
   * @throws Error with the reason when the training failed, its process died, or it was stuck; what a listener threw
   *   ends the job as well.
   */
  run(job: Job, listener: JobListener): Promise<TrialOutput>;
  /** Stops whatever runs. */
  close(): Promise<void>;
}

/** Name of the machine and process that does something. */
export const worker = (host: string, pid: number): string => `${host}:${pid}`;
