import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import type { Executor, Job } from '../execute/executor.js';
import { ProcessExecutor } from '../execute/processes.js';
import { connectQueue, type QueuedJob } from '../execute/queue-connection.js';
import type { Output } from '../progress.js';
import type { EpochRecord } from '../results.js';
import { codeVersion } from '../study/identity.js';
import { canonical } from '../study/paths.js';
import type { TrialOutput } from '../trial/spec.js';

/** Options of `worker` as the command line gives them. */
export interface WorkerOptions {
  readonly queue?: string;
  readonly workers?: string;
  readonly lockSeconds?: string;
}

const positive = (name: string, text: string | undefined, fallback: number): number => {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`worker: expected --${name} to be a number > 0, got "${text}"`);
};

/** The number of times that a job may be taken from workers that fell silent, before it counts as failed. */
const maxStalledCount = 10;

/** Does a job in a process of its own: this one's event loop stays free to renew the lock. */
async function perform(
  { job, code }: QueuedJob,
  executor: Executor,
  told: (epochs: readonly EpochRecord[]) => void,
): Promise<TrialOutput> {
  const own = codeVersion(job.spec.plugins);
  if (canonical(own) !== canonical(code)) {
    throw new Error(
      `expected a worker with ${canonical(code)}, got one with ${canonical(own)}: install the same version`,
    );
  }
  // Of this user's own: another one's could not be written.
  const root = join(tmpdir(), `tfjs-sam-worker-${userInfo().username}`);
  const folder = join(root, job.spec.id);
  mkdirSync(folder, { recursive: true });
  const latest = join(folder, 'latest');
  const epochs: EpochRecord[] = [];
  const local: Job = {
    ...job,
    shared: join(root, 'shared'),
    checkpoint: { from: latest, folder, seconds: 30 },
  };
  const output = await executor.run(local, {
    epoch(record) {
      epochs.push(record);
      told(epochs);
    },
    checkpoint: (path) => renameSync(path, latest),
  });
  if (output.state === 'done') rmSync(folder, { recursive: true, force: true });
  return output;
}

/** The command `worker`: takes trials from a queue until it is stopped. */
export async function workerCommand(options: WorkerOptions, output: Output): Promise<void> {
  const { queue: url } = options;
  if (url === undefined) throw new UsageError('worker: expected --queue redis://… or postgres://…, got none');
  const slots = positive('workers', options.workers, availableParallelism());
  const lockMs = 1000 * positive('lock-seconds', options.lockSeconds, 30);
  const server = await connectQueue(url);
  const executor = new ProcessExecutor(slots);
  const worker = server.worker((data, told) => perform(data, executor, told), {
    concurrency: slots,
    lockDuration: lockMs,
    stalledInterval: lockMs,
    maxStalledCount,
  });
  worker.on(
    'completed',
    ({ data, returnvalue: { state, epochs } }) =>
      void output.write(
        `${data.job.spec.arm} seed ${data.job.spec.seed}: ${state === 'paused' ? `done to epoch ${epochs.length}` : 'done'}\n`,
      ),
  );
  worker.on(
    'failed',
    (job, { message }) =>
      void output.write(`${job?.data.job.spec.arm} seed ${job?.data.job.spec.seed}: failed: ${message}\n`),
  );
  output.write(`worker: ${executor.description}, waiting for trials\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  // A running job goes back to the queue when its lock ends.
  await executor.close();
  await server.close();
}
