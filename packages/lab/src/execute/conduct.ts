import { hostname } from 'node:os';
import { join } from 'node:path';
import type { EpochRecord } from '../results.js';
import { knownOf, type StudyFolder, type TrialFolder } from '../store/study-folder.js';
import type { Expansion, Group } from '../study/expand.js';
import { type Known, planGroup, type Work } from '../study/plan.js';
import type { TrialOutput, TrialSpec } from '../trial/spec.js';
import { type Executor, worker } from './executor.js';

/** Hears what happens in a study, as it happens. */
export interface StudyListener {
  /** Work begins; some trials may be over already. */
  begin?(total: number, over: number): void;
  trialBegin?(spec: TrialSpec, attempt: number): void;
  epoch?(spec: TrialSpec, record: EpochRecord): void;
  /** A trial is over: done, or failed for good. */
  trialEnd?(spec: TrialSpec, output: TrialOutput | undefined, reason: string | undefined): void;
  /** An attempt failed, and is tried again. */
  retry?(spec: TrialSpec, attempt: number, reason: string): void;
  /** Nothing is left to do, or the runner was stopped. */
  end?(): void;
}

/** Needs of a runner. */
export interface Conduct {
  readonly expansion: Expansion;
  readonly folder: StudyFolder;
  readonly executor: Executor;
  readonly listener?: StudyListener;
  /** The time that is written down. */
  readonly clock: () => Date;
  /** True of a trial that is this runner's, of a study that is spread over several. Default: all are. */
  readonly mine?: ((spec: TrialSpec) => boolean) | undefined;
  /** Stops: nothing new begins. */
  readonly signal?: AbortSignal | undefined;
  /** Called before every write. @throws Error when the folder is somebody else's by now. */
  readonly check?: () => void;
}

interface Open {
  readonly folder: TrialFolder;
  failures: number;
}

/** One runner of a study: plans, hands out work, and alone writes what becomes of it. */
class Conductor {
  readonly #conduct: Conduct;
  readonly #known = new Map<string, Known>();
  readonly #open = new Map<string, Open>();
  readonly #groupsOf = new Map<string, Group[]>();
  /** Trials in somebody's hands, or waiting for a hand. */
  readonly #claimed = new Set<string>();
  readonly #queue: Work<TrialSpec>[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #by = worker(hostname(), process.pid);
  #failure: unknown;

  constructor(conduct: Conduct) {
    this.#conduct = conduct;
    for (const group of conduct.expansion.groups) {
      for (const { id } of group.points.flatMap(({ trials }) => trials)) {
        const groups = this.#groupsOf.get(id) ?? [];
        if (!groups.includes(group)) groups.push(group);
        this.#groupsOf.set(id, groups);
      }
    }
  }

  async run(): Promise<void> {
    const { folder, listener, expansion } = this.#conduct;
    for (const id of folder.begun())
      if (this.#groupsOf.has(id)) this.#known.set(id, knownOf(folder.trial(id)));
    const over = [...this.#known.values()].filter(({ state }) => state !== 'open').length;
    listener?.begin?.(this.#expected(), over);
    this.#plan(expansion.groups);
    try {
      for (;;) {
        this.#fill();
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#running.size === 0) return;
        await Promise.race(this.#running);
      }
    } finally {
      listener?.end?.();
    }
  }

  /**
   * Trials that will be over when the study is, as far as can be said: stopped points shorten it. Which point is chosen, and
   * trains from every seed, is open yet: the first stands for it.
   */
  #expected(): number {
    const { groups, study } = this.#conduct.expansion;
    const ids = new Set(
      groups.flatMap(({ points }) =>
        points
          .flatMap(({ trials }, i) => (i === 0 ? trials : trials.slice(0, study.choose.seeds)))
          .filter(this.#mine)
          .map(({ id }) => id),
      ),
    );
    return ids.size;
  }

  readonly #mine = (spec: TrialSpec): boolean => this.#conduct.mine?.(spec) ?? true;

  readonly #now = () => this.#conduct.clock().toISOString();

  readonly #get = (id: string): Known => this.#known.get(id) ?? { state: 'open', epochs: [] };

  /** Queues what has become possible: seed by seed, so that arms take turns and early looks are fair. */
  #plan(groups: readonly Group[]): void {
    const { study } = this.#conduct.expansion;
    const work: Work<TrialSpec>[] = [];
    for (const group of groups) {
      const plan = planGroup(group, study.choose, this.#get);
      for (const each of plan.work) {
        if (this.#claimed.has(each.spec.id) || !this.#mine(each.spec)) continue;
        this.#claimed.add(each.spec.id);
        work.push(each);
      }
    }
    const order = new Map(this.#conduct.expansion.seeds.map((seed, index) => [seed, index]));
    work.sort((a, b) => order.get(a.spec.seed)! - order.get(b.spec.seed)!);
    this.#queue.push(...work);
  }

  #fill(): void {
    const { executor, signal } = this.#conduct;
    while (this.#running.size < executor.slots && this.#queue.length > 0 && this.#failure === undefined) {
      if (signal?.aborted) return;
      const running = this.#attempt(this.#queue.shift()!)
        .catch((error: unknown) => {
          this.#failure ??= error;
        })
        .finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  #openTrial(id: string): Open {
    const known = this.#open.get(id);
    if (known) return known;
    const folder = this.#conduct.folder.trial(id);
    // A runner that died is not the trial's fault: only what a runner saw fail counts.
    const failures = folder.events.filter(
      ({ state, reason }) => state === 'queued' && reason !== undefined,
    ).length;
    const open = { folder, failures };
    this.#open.set(id, open);
    return open;
  }

  async #attempt({ spec, until }: Work<TrialSpec>): Promise<void> {
    const { executor, listener, expansion, check, signal } = this.#conduct;
    const { id } = spec;
    const open = this.#openTrial(id);
    const { folder } = open;
    const attempt = open.failures + 1;
    const event = (state: 'running' | 'queued' | 'paused' | 'done' | 'failed', reason?: string) => ({
      at: this.#now(),
      state,
      attempt,
      by: this.#by,
      ...(reason !== undefined && { reason }),
    });
    check?.();
    folder.begin(spec, event('running'));
    listener?.trialBegin?.(spec, attempt);
    let heard = true;
    // A folder that cannot be written is not the trial's fault: it ends the runner.
    const written = (write: () => void): void => {
      if (!heard) return;
      try {
        check?.();
        write();
      } catch (error) {
        this.#failure ??= error;
        throw error;
      }
    };
    try {
      const { stallSeconds, checkpointSeconds } = expansion.study;
      const output = await executor.run(
        {
          spec,
          until,
          stallSeconds,
          shared: this.#conduct.folder.shared,
          checkpoint: {
            from: folder.checkpoint,
            folder: join(folder.path, 'checkpoint'),
            seconds: checkpointSeconds,
          },
        },
        {
          epoch: (record) =>
            written(() => {
              folder.addEpoch(record);
              listener?.epoch?.(spec, record);
            }),
          checkpoint: (path) => written(() => folder.takeCheckpoint(path)),
        },
      );
      if (output.state === 'paused') {
        written(() => {
          for (const record of output.epochs) folder.addEpoch(record);
          folder.end(event('paused'));
        });
        this.#known.set(id, { state: 'open', epochs: output.epochs });
      } else {
        const stored = { ...output, state: 'done' as const };
        written(() =>
          folder.finish(
            { ...stored, id, attempts: attempt, finishedAt: this.#now(), by: this.#by },
            event('done'),
          ),
        );
        this.#known.set(id, { state: 'done', epochs: output.epochs });
        listener?.trialEnd?.(spec, output, output.reason);
      }
      heard = false;
    } catch (error) {
      heard = false;
      if (this.#failure !== undefined) return;
      if (signal?.aborted) {
        folder.end(event('queued'));
        return;
      }
      check?.();
      this.#failed(spec, open, event, error instanceof Error ? error.message : String(error));
    }
    this.#claimed.delete(id);
    this.#plan(this.#groupsOf.get(id)!);
  }

  #failed(
    spec: TrialSpec,
    open: Open,
    event: (state: 'queued' | 'failed', reason: string) => Parameters<TrialFolder['end']>[0],
    reason: string,
  ): void {
    const { listener, expansion } = this.#conduct;
    open.failures++;
    if (open.failures <= expansion.study.retries) {
      open.folder.end(event('queued', reason));
      listener?.retry?.(spec, open.failures, reason);
      return;
    }
    const { id } = spec;
    const { epochs } = open.folder;
    open.folder.finish(
      {
        state: 'failed',
        reason,
        epochs,
        id,
        attempts: open.failures,
        finishedAt: this.#now(),
        by: this.#by,
      },
      event('failed', reason),
    );
    this.#known.set(id, { state: 'failed', epochs });
    listener?.trialEnd?.(spec, undefined, reason);
  }
}

/** Does all of a study that is not done yet. @throws Error when the folder cannot be written any more. */
export function conduct(options: Conduct): Promise<void> {
  return new Conductor(options).run();
}
