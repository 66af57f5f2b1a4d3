import { existsSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { UnfinishedError, UsageError } from '../errors.js';
import { conduct, type StudyListener } from '../execute/conduct.js';
import type { Executor } from '../execute/executor.js';
import { InProcessExecutor } from '../execute/in-process.js';
import { openStudy, reuse, type Session, sourceIn } from '../execute/session.js';
import { parseShard, type Shard, shardOwner } from '../execute/shard.js';
import type { Output } from '../progress.js';
import type { StudyResults } from '../results.js';
import { makeFolder } from '../store/files.js';
import { FolderLock } from '../store/lock.js';
import { readResults } from '../store/read-results.js';
import { trialsOf } from '../study/outline.js';
import { readStudy, studyFrom } from '../study/read.js';
import type { StudyInput } from '../study/schema.js';
import { progressOf } from './progress.js';
import { problemLines, statusLine, statusTables } from './status-table.js';

/** Options of `run` as the command line gives them. */
export interface RunOptions {
  readonly out?: string;
  readonly workers?: string;
  readonly extend?: boolean;
  readonly retryFailed?: boolean;
  readonly shard?: string;
  readonly full?: boolean;
  readonly dryRun?: boolean;
  readonly queue?: string;
}

/** The command line as it was called, to copy. */
const commandLine = (): string => ['tfjs-sam', ...process.argv.slice(2)].join(' ');

function workerCount(workers: string | undefined): number {
  if (workers === undefined) return availableParallelism();
  if (/^\d+$/.test(workers)) return Number(workers);
  throw new UsageError(`run: expected --workers to be an integer >= 0, got "${workers}"`);
}

async function executorFor({ workers, queue }: RunOptions): Promise<Executor> {
  if (queue !== undefined) {
    const { QueueExecutor } = await import('../execute/queue.js');
    return QueueExecutor.connect(queue);
  }
  const count = workerCount(workers);
  if (count === 0) return new InProcessExecutor();
  const { ProcessExecutor } = await import('../execute/processes.js');
  return new ProcessExecutor(count);
}

/** Opens what `run` is given: a study file with its folder, or a folder to resume. */
async function opened(what: string, options: RunOptions, shard: Shard | undefined): Promise<Session> {
  if (existsSync(join(what, 'study.json'))) {
    const source = sourceIn(what);
    return openStudy(source, { folder: what, command: commandLine(), shard: source.shard });
  }
  const source = await readStudy(what, options.full);
  const suffix = shard ? `-shard-${shard.index}-of-${shard.count}` : '';
  const name = `${source.study.study}${options.full ? '-full' : ''}`;
  const folder = `${options.out ?? join('runs', name)}${suffix}`;
  return openStudy(source, { folder, command: commandLine(), extend: options.extend, shard });
}

/** Services of a runner that a program may bring itself. */
interface Services {
  /** Where trials run; closed when the run ends. Default: as `workers` says. */
  readonly executor?: Executor;
  /** Hears of trials, their epochs and attempts, as they happen. Default: writes progress to the output. */
  readonly listener?: StudyListener;
  /** The time that is written down: of the study's begin, of attempts and results. Default: the system's. */
  readonly clock?: () => Date;
}

/** Runs until a signal stops it: what is unfinished is taken up again by the same command. */
export async function runSession(
  session: Session,
  options: RunOptions,
  output: Output,
  services: Services = {},
): Promise<StudyResults> {
  const { folder, header, expansion } = session;
  const stop = new AbortController();
  let stoppedBy: NodeJS.Signals = 'SIGINT';
  let executor: Executor | undefined;
  let lock: FolderLock | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    stoppedBy = signal;
    stop.abort();
    void executor?.close();
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    // Before anything is written: a wrong number of workers or address of a queue leaves nothing behind.
    executor = services.executor ?? (await executorFor(options));
    makeFolder(folder.path);
    lock = FolderLock.take(folder.path);
    const { held } = lock;
    folder.writeHeader(header);
    folder.tidy();
    const reused = reuse(session);
    if (reused > 0) output.write(`${reused} trials are taken from studies beside ${folder.path}\n`);
    if (options.retryFailed) retryFailed(session);
    output.write(`${folder.path}: ${executor.description}\n`);
    const { shard } = header;
    await conduct({
      expansion,
      folder,
      executor,
      listener: services.listener ?? progressOf(output),
      clock: services.clock ?? (() => new Date()),
      mine: shard && shardOwner(expansion, shard),
      signal: stop.signal,
      check: () => {
        if (!held()) throw new UsageError(`${folder.path}: another runner has taken this folder over`);
      },
    });
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    await executor?.close();
    lock?.release();
  }
  if (stop.signal.aborted) {
    const exitCode = 128 + constants.signals[stoppedBy];
    throw new UnfinishedError(`${folder.path}: stopped. The same command goes on from here`, exitCode);
  }
  folder.dropShared();
  return readResults(folder, header);
}

function retryFailed({ folder }: Session): void {
  for (const id of folder.begun()) if (folder.trial(id).result?.state === 'failed') folder.trial(id).reopen();
}

/** The work of a study, counted; its data are at hand and nothing in it is wrong. */
function planned({ folder, header, expansion }: Session): string {
  const { study, tasks, seeds } = expansion;
  const sizes = `${trialsOf(header.outline).length} trials: ${Object.keys(study.arms).length} arms, ${tasks.length} tasks, ${seeds.length} seeds`;
  const stopping = study.choose.stopping.name !== 'none' || study.choose.seeds !== undefined;
  const fewer = stopping ? '; fewer are run to the end, as `choose` says' : '';
  return `${folder.path}: ${sizes}${fewer}. Nothing was run`;
}

/** The command `run`. */
export async function runCommand(what: string, options: RunOptions, output: Output): Promise<void> {
  const shard = parseShard(options.shard);
  const session = await opened(what, options, shard);
  if (options.dryRun) {
    output.write(`${planned(session)}\n`);
    return;
  }
  const results = await runSession(session, options, output);
  if (shard) {
    output.write(
      `${statusLine(results)}\nMerge the shards: tfjs-sam merge ${session.folder.path.replace(/-shard-\d+-of-\d+$/, '')}-shard-*\n`,
    );
  } else {
    output.write(`\n${statusTables(results)}`);
    for (const line of problemLines(results)) output.write(`${line}\n`);
    const { writeReport } = await import('./report.js');
    output.write(
      `Results: ${session.folder.path}\nReport: ${await writeReport(results, session.folder.path)}\n`,
    );
  }
  requireNoFailure(results, session.folder.path);
}

/** @throws UnfinishedError where a trial failed for good: what waits for this command must not take the study for done. */
export function requireNoFailure({ trials }: StudyResults, folder: string): void {
  const failed = trials.filter(({ state }) => state === 'failed').length;
  if (failed > 0)
    throw new UnfinishedError(
      `${folder}: ${failed} of ${trials.length} trials failed. tfjs-sam run ${folder} --retry-failed begins them again`,
    );
}

/** Settings of `runStudy`. */
export interface RunStudyOptions extends Services {
  /** The study's folder. Default: `runs/` and its name. */
  readonly folder?: string;
  /** Processes that train at a time, 0 for none but this. Default 0. */
  readonly workers?: number;
  /** Where progress is written. Default: nowhere. */
  readonly output?: Output;
  /** Accepts a study to which arms or seeds were added. */
  readonly extend?: boolean;
}

/**
 * Runs a study from a program, or goes on with one.
 *
 * @throws UsageError when the study is wrong, another began in the folder, or somebody works there.
 * @returns What `renderReport` and the exporters take.
 */
export async function runStudy(study: StudyInput, options: RunStudyOptions = {}): Promise<StudyResults> {
  const {
    workers = 0,
    output = new Writable({ write: (_, __, done) => done() }),
    extend,
    ...services
  } = options;
  const source = studyFrom(study);
  const folder = options.folder ?? join('runs', source.study.study);
  const { clock } = services;
  const session = await openStudy(source, { folder, command: commandLine(), extend, clock });
  return runSession(session, { workers: String(workers) }, output, services);
}
