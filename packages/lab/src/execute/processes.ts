import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import workerpool, { type Pool } from 'workerpool';
import type { EpochRecord } from '../results.js';
import type { TrialOutput } from '../trial/spec.js';
import type { Executor, Job, JobListener } from './executor.js';

type Message =
  | { readonly type: 'beat' }
  | { readonly type: 'epoch'; readonly record: EpochRecord }
  | { readonly type: 'checkpoint'; readonly path: string };

/** Built code: a process of its own cannot read TypeScript. */
const script = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../dist/execute/worker-process.js' : './worker-process.js',
    import.meta.url,
  ),
);

/** Threads of each of so many processes: together no more than the cores, or than `TFJS_SAM_THREADS` asks for. */
function threadsEach(workers: number): number {
  const share = Math.max(1, Math.floor(availableParallelism() / workers));
  return Math.min(Number(process.env.TFJS_SAM_THREADS) || share, share);
}

/** The pool's record of a process; its types hide it, and its own signals do not end a process that is stopped. */
interface Handler {
  readonly worker: { readonly pid?: number } | null;
  readonly processing: Readonly<Record<string, { readonly options?: { readonly on?: unknown } }>>;
}

/** Longest message of a trial's end that is kept. */
const short = (text: string): string => text.split('\n')[0]!.slice(0, 500);

/** Trials in processes of their own on this machine: one that crashes, is killed or is stuck takes no other with it. */
export class ProcessExecutor implements Executor {
  readonly slots: number;
  readonly description: string;
  readonly #pool: Pool;

  constructor(workers: number) {
    this.slots = workers;
    this.description = `${workers} ${workers === 1 ? 'process' : 'processes'}`;
    this.#pool = workerpool.pool(script, {
      workerType: 'process',
      maxWorkers: workers,
      forkOpts: {
        execArgv: [],
        env: { ...process.env, TFJS_SAM_THREADS: String(threadsEach(workers)) },
      },
    });
  }

  async run(job: Job, listener: JobListener): Promise<TrialOutput> {
    let heard = Date.now();
    let stuck = false;
    let thrown: { readonly error: unknown } | undefined;
    const hear = (message: Message): void => {
      heard = Date.now();
      if (message.type === 'epoch') listener.epoch(message.record);
      else if (message.type === 'checkpoint') listener.checkpoint(message.path);
    };
    const on = (message: Message): void => {
      try {
        hear(message);
      } catch (error) {
        // Thrown here, it would end this process.
        thrown ??= { error };
        this.#killProcessOf(on);
      }
    };
    const running = this.#pool.exec('job', [job], { on });
    const watch = setInterval(() => {
      if (Date.now() - heard < 1000 * job.stallSeconds) return;
      stuck = true;
      this.#killProcessOf(on);
    }, 200);
    try {
      const output = (await running) as TrialOutput;
      if (thrown) throw thrown.error;
      return output;
    } catch (error) {
      if (thrown) throw thrown.error;
      if (stuck) throw new Error(`stuck: nothing heard for ${job.stallSeconds} s, killed`);
      throw new Error(reasonOf(error));
    } finally {
      clearInterval(watch);
    }
  }

  get #handlers(): readonly Handler[] {
    return (this.#pool as unknown as { readonly workers: readonly Handler[] }).workers;
  }

  /** The process may not have said a word yet: the pool knows which one has the job. */
  #killProcessOf(on: unknown): void {
    for (const { worker, processing } of this.#handlers)
      if (Object.values(processing).some(({ options }) => options?.on === on)) kill(worker?.pid);
  }

  async close(): Promise<void> {
    for (const { worker } of this.#handlers) kill(worker?.pid);
    await this.#pool.terminate(true);
  }
}

function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone already.
  }
}

/** The end of a worker, in a line: its own error, or the signal or exit code of its process. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (!text.startsWith('Workerpool Worker terminated Unexpectedly')) return short(text);
  const signal = /signalCode: `?(\w+)/.exec(text)?.[1];
  const code = /exitCode: `?(\w+)/.exec(text)?.[1];
  return signal && signal !== 'null'
    ? `its process was killed by ${signal}`
    : `its process ended with exit code ${code}`;
}
