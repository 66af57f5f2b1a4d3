import type { Job as QueueJob } from 'bullmq';
import type { EpochRecord } from '../results.js';
import { codeVersion } from '../study/identity.js';
import type { TrialOutput } from '../trial/spec.js';
import type { Executor, Job, JobListener } from './executor.js';
import { connectQueue, type QueuedJob, type QueueServer } from './queue-connection.js';

/** From one look at the queue to the next, in milliseconds. Events can be lost: what is finished is swept up. */
const sweepMs = 500;

interface Waiting {
  readonly job: Job;
  readonly listener: JobListener;
  readonly resolve: (output: TrialOutput) => void;
  readonly reject: (error: unknown) => void;
}

type Entry = QueueJob<QueuedJob, TrialOutput, string>;

/** The queue's name of a job: that of its trial, so that a job is never there twice, also from two runners. */
const nameOf = ({ spec, until }: Job): string => (until === undefined ? spec.id : `${spec.id}-${until}`);

/** Trials done by `tfjs-sam worker` on any machine that reaches a Redis or PostgreSQL server. */
export class QueueExecutor implements Executor {
  readonly slots = 256;
  readonly description: string;
  readonly #server: QueueServer;
  readonly #queue;
  readonly #waiting = new Map<string, Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(server: QueueServer) {
    this.#server = server;
    this.#queue = server.queue();
    this.description = 'workers that listen to the queue (tfjs-sam worker)';
    this.#schedule();
  }

  /** @throws UsageError when the server cannot be reached. */
  static async connect(url: string): Promise<QueueExecutor> {
    return new QueueExecutor(await connectQueue(url));
  }

  async run(job: Job, listener: JobListener): Promise<TrialOutput> {
    const name = nameOf(job);
    // Checkpoints lie on the worker's own disk.
    const { checkpoint: _, shared: __, ...portable } = job;
    const finished = new Promise<TrialOutput>((resolve, reject) => {
      this.#waiting.set(name, { job: portable, listener, resolve, reject });
    });
    await this.#add(name, portable);
    return finished;
  }

  async #add(name: string, job: Job): Promise<void> {
    // Rests of an earlier attempt are of no use; those of an earlier runner's success are the result.
    const old = await this.#queue.getJob(name);
    if (old && (await old.isFailed())) await old.remove().catch(() => {});
    const data: QueuedJob = { job, code: codeVersion(job.spec.plugins) };
    await this.#queue.add('trial', data, { jobId: name, removeOnComplete: false, removeOnFail: false });
  }

  #schedule(): void {
    this.#timer = setTimeout(async () => {
      // A server that is away is waited for; nothing is lost meanwhile.
      await this.#sweep().catch(() => {});
      if (!this.#closed) this.#schedule();
    }, sweepMs);
  }

  async #sweep(): Promise<void> {
    if (this.#waiting.size === 0) return;
    for (const [name, waiting] of [...this.#waiting]) {
      if (this.#closed) return;
      const entry = (await this.#queue.getJob(name)) as Entry | undefined;
      // A server without persistence forgot it.
      if (!entry) await this.#add(name, waiting.job);
      else await this.#look(name, waiting, entry);
    }
  }

  async #look(name: string, { listener, resolve, reject }: Waiting, entry: Entry): Promise<void> {
    const { epochs } = Object(entry.progress) as { epochs?: EpochRecord[] };
    try {
      for (const record of epochs ?? []) listener.epoch(record);
    } catch (error) {
      this.#waiting.delete(name);
      reject(error);
      return;
    }
    const { finishedOn, returnvalue, failedReason } = entry;
    if (finishedOn === undefined || finishedOn === null) return;
    this.#waiting.delete(name);
    await entry.remove().catch(() => {});
    if (failedReason) reject(new Error(failedReason));
    else resolve(returnvalue);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    // A job that nobody has taken yet would be done for nobody.
    const withdrawn = [...this.#waiting.keys()].map(async (name) =>
      (await this.#queue.getJob(name))?.remove(),
    );
    await Promise.race([Promise.allSettled(withdrawn), new Promise((resolve) => setTimeout(resolve, 2000))]);
    for (const { reject } of this.#waiting.values()) reject(new Error('the runner was stopped'));
    this.#waiting.clear();
    await this.#server.close();
  }
}
