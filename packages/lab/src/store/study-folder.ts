import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EpochRecord, Provenance } from '../results.js';
import type { CodeVersion } from '../study/identity.js';
import type { Study } from '../study/schema.js';
import type { TrialOutput, TrialSpec } from '../trial/spec.js';
import { LineWriter, readJson, readLines, replaceFile } from './files.js';

/** What `study.json` holds: the resolved study, and what its trials are made with. */
export interface StudyHeader {
  readonly format: 1;
  readonly hash: string;
  readonly study: Study;
  /** Where the study's paths begin, and what to call it in messages. */
  readonly folder: string;
  readonly file: string;
  readonly code: CodeVersion;
  /** The study's backend, `auto` replaced by what it became. */
  readonly backend: Study['backend'];
  /** Identities of all trials. */
  readonly trials: readonly string[];
  readonly provenance: Provenance;
  /** Part of the trials that this folder does, of a study that is spread over several. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
}

/** How a trial ended, as `result.json` keeps it. */
export type StoredResult = (
  | (TrialOutput & { readonly state: 'done' })
  | { readonly state: 'failed'; readonly reason: string; readonly epochs: readonly EpochRecord[] }
) & {
  readonly id: string;
  readonly attempts: number;
  readonly finishedAt: string;
  /** Machine and process that did it. */
  readonly by: string;
};

/** A line of a trial's history. */
export interface TrialEvent {
  readonly at: string;
  readonly state: 'running' | 'queued' | 'paused' | 'done' | 'failed';
  readonly attempt: number;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
}

/**
 * The folder of a study: `study.json`, and `trials/<id>/` with `trial.json`, `events.jsonl`, `epochs.jsonl`,
 * `checkpoint` and `result.json`. Only the holder of the lock writes.
 */
export class StudyFolder {
  /** Absolute path. */
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  get header(): StudyHeader | undefined {
    return readJson(join(this.path, 'study.json'));
  }

  writeHeader(header: StudyHeader): void {
    mkdirSync(join(this.path, 'trials'), { recursive: true });
    replaceFile(join(this.path, 'study.json'), `${JSON.stringify(header, null, 1)}\n`);
  }

  /** Trials that have a folder. */
  begun(): string[] {
    const trials = join(this.path, 'trials');
    return existsSync(trials) ? readdirSync(trials) : [];
  }

  trial(id: string): TrialFolder {
    return new TrialFolder(join(this.path, 'trials', id));
  }
}

/** The folder of one trial. */
export class TrialFolder {
  readonly path: string;
  #epochs: LineWriter | undefined;
  #events: LineWriter | undefined;
  #known = 0;

  constructor(path: string) {
    this.path = path;
  }

  get result(): StoredResult | undefined {
    return readJson(join(this.path, 'result.json'));
  }

  get spec(): TrialSpec | undefined {
    return readJson(join(this.path, 'trial.json'));
  }

  get epochs(): EpochRecord[] {
    return readLines(join(this.path, 'epochs.jsonl'));
  }

  get events(): TrialEvent[] {
    return readLines(join(this.path, 'events.jsonl'));
  }

  /** The checkpoint that a training goes on from. */
  get checkpoint(): string {
    return join(this.path, 'checkpoint', 'latest');
  }

  /** A path for a new checkpoint, which nobody else writes. */
  checkpointPath(epoch: number, owner: string): string {
    return join(this.path, 'checkpoint', `${epoch}-${owner}`);
  }

  /** Opens the folder for an attempt. */
  begin(spec: TrialSpec, event: TrialEvent): void {
    mkdirSync(this.path, { recursive: true });
    const description = join(this.path, 'trial.json');
    if (!existsSync(description)) replaceFile(description, `${JSON.stringify(spec, null, 1)}\n`);
    this.#dropStrayCheckpoints();
    this.#events = new LineWriter(join(this.path, 'events.jsonl'));
    this.#epochs = new LineWriter(join(this.path, 'epochs.jsonl'));
    this.#known = this.epochs.length;
    this.#events.append(event);
  }

  /** Adds an epoch, unless an earlier attempt has added it: it was the same. */
  addEpoch(record: EpochRecord): void {
    if (record.epoch !== this.#known + 1) return;
    this.#epochs!.append(record);
    this.#known++;
  }

  /** Makes a checkpoint that lies on disk the latest. */
  takeCheckpoint(path: string): void {
    renameSync(path, this.checkpoint);
  }

  /** Ends an attempt that did not end the trial. */
  end(event: TrialEvent): void {
    this.#events!.append(event);
    this.#close();
  }

  finish(result: StoredResult, event: TrialEvent): void {
    mkdirSync(this.path, { recursive: true });
    replaceFile(join(this.path, 'result.json'), `${JSON.stringify(result)}\n`);
    this.#events?.append(event);
    this.#close();
    rmSync(join(this.path, 'checkpoint'), { recursive: true, force: true });
  }

  /** Takes over the result of an equal trial of another study. */
  adopt(result: StoredResult, spec: TrialSpec | undefined): void {
    mkdirSync(this.path, { recursive: true });
    if (spec) replaceFile(join(this.path, 'trial.json'), `${JSON.stringify(spec, null, 1)}\n`);
    replaceFile(join(this.path, 'result.json'), `${JSON.stringify(result)}\n`);
  }

  /** Forgets how the trial ended, so that it is begun again. */
  reopen(): void {
    rmSync(join(this.path, 'result.json'), { force: true });
  }

  #close(): void {
    this.#epochs?.close();
    this.#events?.close();
    this.#epochs = undefined;
    this.#events = undefined;
  }

  /** Checkpoints that a dead process left half written. */
  #dropStrayCheckpoints(): void {
    const folder = join(this.path, 'checkpoint');
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder))
      if (name !== 'latest') rmSync(join(folder, name), { force: true });
  }
}
