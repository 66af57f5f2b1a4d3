import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { EpochRecord, Provenance } from '../results.js';
import type { CodeVersion } from '../study/identity.js';
import type { Outline } from '../study/outline.js';
import type { Known } from '../study/plan.js';
import type { Study } from '../study/schema.js';
import type { TrialOutput, TrialSpec } from '../trial/spec.js';
import { dropTemporary, LineWriter, readJson, readLines, replaceFile, writeJson } from './files.js';

/** The content of `study.json`: the resolved study, and what its trials are made with. */
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
  readonly outline: Outline;
  readonly provenance: Provenance;
  /** Part of the trials that this folder does, of a study that is spread over several. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
}

/** The end of a trial, as `result.json` keeps it. */
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

  /** The study; undefined where there is none, or its file is damaged. */
  get header(): StudyHeader | undefined {
    const header = readJson<StudyHeader>(join(this.path, 'study.json'), 'study');
    return header?.format === 1 && Array.isArray(header.outline?.groups) ? header : undefined;
  }

  writeHeader(header: StudyHeader): void {
    mkdirSync(join(this.path, 'trials'), { recursive: true });
    writeJson(join(this.path, 'study.json'), header, 'study', 1);
  }

  /** The folder of what trials share while the study runs. */
  get shared(): string {
    return join(this.path, 'shared');
  }

  /** Removes what trials shared. */
  dropShared(): void {
    rmSync(this.shared, { recursive: true, force: true });
  }

  /** Removes what killed runners left: files half written, and checkpoints of trials that are over. */
  tidy(): void {
    dropTemporary(this.path);
    if (existsSync(this.shared)) dropTemporary(this.shared);
    for (const id of this.begun()) this.trial(id).tidy();
  }

  /** Trials that have a folder. */
  begun(): string[] {
    const trials = join(this.path, 'trials');
    if (!existsSync(trials)) return [];
    const entries = readdirSync(trials, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  }

  trial(id: string): TrialFolder {
    return new TrialFolder(join(this.path, 'trials', id));
  }
}

/** The folder of one trial. */
export class TrialFolder {
  readonly path: string;
  readonly #id: string;
  #epochs: LineWriter | undefined;
  #events: LineWriter | undefined;
  #known = 0;

  constructor(path: string) {
    this.path = path;
    this.#id = basename(path);
  }

  /** The end of the trial; undefined where it has not, or its file is damaged: it is begun again. */
  get result(): StoredResult | undefined {
    const result = readJson<StoredResult>(join(this.path, 'result.json'), this.#id);
    return result && Array.isArray(result.epochs) ? result : undefined;
  }

  get spec(): TrialSpec | undefined {
    return readJson(join(this.path, 'trial.json'), this.#id);
  }

  get epochs(): readonly EpochRecord[] {
    return readLines(join(this.path, 'epochs.jsonl'), this.#id);
  }

  get events(): readonly TrialEvent[] {
    return readLines(join(this.path, 'events.jsonl'), this.#id);
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
    if (!this.spec) writeJson(description, spec, this.#id, 1);
    this.#dropStrayCheckpoints();
    this.#events = new LineWriter(join(this.path, 'events.jsonl'), this.#id);
    this.#epochs = new LineWriter(join(this.path, 'epochs.jsonl'), this.#id);
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
    writeJson(join(this.path, 'result.json'), result, this.#id);
    this.#events?.append(event);
    this.#close();
    rmSync(join(this.path, 'checkpoint'), { recursive: true, force: true });
  }

  /** Removes what a killed runner left. */
  tidy(): void {
    dropTemporary(this.path);
    if (existsSync(join(this.path, 'result.json')))
      rmSync(join(this.path, 'checkpoint'), { recursive: true, force: true });
  }

  /** Takes over the result of an equal trial of another study. */
  adopt(result: StoredResult, spec: TrialSpec | undefined): void {
    mkdirSync(this.path, { recursive: true });
    if (spec) writeJson(join(this.path, 'trial.json'), spec, this.#id, 1);
    writeJson(join(this.path, 'result.json'), result, this.#id);
  }

  /** Takes over how far an equal trial came that was stopped, or is not over: its records decide what else is done. */
  adoptEpochs(other: TrialFolder): void {
    if (other.epochs.length <= this.epochs.length) return;
    mkdirSync(this.path, { recursive: true });
    for (const name of ['trial.json', 'events.jsonl', 'epochs.jsonl']) {
      const source = join(other.path, name);
      if (existsSync(source)) replaceFile(join(this.path, name), readFileSync(source));
    }
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

/** A folder's knowledge of a trial. */
export function knownOf(folder: TrialFolder): Known {
  const { result } = folder;
  if (result) return { state: result.state, epochs: result.epochs };
  return { state: 'open', epochs: folder.epochs };
}
