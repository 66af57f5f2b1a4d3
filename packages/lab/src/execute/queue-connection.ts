import { createPostgresBackend, Queue, type QueueOptions, Worker, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { UsageError } from '../errors.js';
import type { CodeVersion } from '../study/identity.js';
import type { TrialOutput } from '../trial/spec.js';
import type { Job } from './executor.js';

/** The freight of a queue: a job, and the code that its results depend on. */
export interface QueuedJob {
  readonly job: Job;
  readonly code: CodeVersion;
}

/** All studies share one queue: any worker serves any of them. */
const queueName = 'tfjs-sam';
/** An unreachable server is told within this time, in milliseconds. */
const deadlineMs = 8_000;

type JobQueue = Queue<QueuedJob, TrialOutput, string>;
type JobWorker = Worker<QueuedJob, TrialOutput, string>;

/** A server that holds a queue. */
export interface QueueServer {
  readonly url: string;
  queue(): JobQueue;
  worker(
    process: (data: QueuedJob, told: (epochs: unknown) => void) => Promise<TrialOutput>,
    options: Partial<WorkerOptions>,
  ): JobWorker;
  close(): Promise<void>;
}

/** The address without its password, for messages. */
const shown = (url: string): string => url.replace(/\/\/[^@/]*@/, '//…@');

/** Fails in one line when nothing answers in time. */
async function reachable(url: string, attempt: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs / 1000} s`)), deadlineMs);
  });
  try {
    await Promise.race([attempt, late]);
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0] || (error as NodeJS.ErrnoException).code;
    throw new UsageError(`queue: expected a server at ${shown(url)}, got: ${reason}`);
  } finally {
    clearTimeout(timer);
  }
}

/** A server that dies later comes back: everything waits for it, and says so once. */
function patient(
  url: string,
  emitter: { on(event: 'error', listener: (error: Error) => void): unknown },
): void {
  let told = false;
  emitter.on('error', ({ message }) => {
    if (!told) process.stderr.write(`queue: waiting for ${shown(url)}: ${message || 'no connection'}\n`);
    told = true;
  });
}

async function redisServer(url: string): Promise<QueueServer> {
  const probe = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: deadlineMs });
  let refusal: Error | undefined;
  probe.on('error', (error) => {
    refusal = error;
  });
  const answer = async (): Promise<void> => {
    try {
      await probe.connect();
      await probe.ping();
    } catch (error) {
      // Tells more than that the connection is closed.
      throw refusal ?? error;
    }
  };
  try {
    await reachable(url, answer());
  } finally {
    probe.disconnect();
  }
  const connection = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 500 });
  patient(url, connection);
  const open: { close(): Promise<void> }[] = [];
  return {
    url,
    queue() {
      const queue: JobQueue = new Queue(queueName, { connection });
      queue.on('error', () => {});
      open.push(queue);
      return queue;
    },
    worker(process, options) {
      const worker: JobWorker = new Worker(
        queueName,
        async (job) => process(job.data, (epochs) => void job.updateProgress({ epochs }).catch(() => {})),
        { connection, ...options },
      );
      worker.on('error', () => {});
      open.push(worker);
      return worker;
    },
    async close() {
      await Promise.race([
        Promise.all(open.map((each) => each.close())),
        new Promise((r) => setTimeout(r, 3000)),
      ]);
      connection.disconnect();
    },
  };
}

async function postgresServer(url: string): Promise<QueueServer> {
  const factory = createPostgresBackend;
  const connection = { connectionString: url, migrate: true, connectionTimeoutMillis: deadlineMs };
  const open: { close(): Promise<void> }[] = [];
  const queue = (): JobQueue => {
    const made: JobQueue = new Queue<QueuedJob, TrialOutput, string>(
      queueName,
      ...([{ connection }, factory] as unknown as [QueueOptions]),
    );
    patient(url, made as never);
    open.push(made);
    return made;
  };
  try {
    // By a name that the compiler does not follow: the package is optional.
    await import(['pg'].join());
  } catch {
    throw new UsageError(
      'queue: expected the package pg beside @tfjs-sam/lab for postgres://, got none: npm install pg',
    );
  }
  const first = queue();
  await reachable(url, first.waitUntilReady());
  return {
    url,
    queue: () => first,
    worker(process, options) {
      const worker: JobWorker = new Worker<QueuedJob, TrialOutput, string>(
        queueName,
        async (job) => process(job.data, (epochs) => void job.updateProgress({ epochs }).catch(() => {})),
        ...([{ connection, ...options }, factory] as unknown as [WorkerOptions]),
      );
      worker.on('error', () => {});
      open.push(worker);
      return worker;
    },
    async close() {
      await Promise.race([
        Promise.all(open.map((each) => each.close())),
        new Promise((r) => setTimeout(r, 3000)),
      ]);
    },
  };
}

/**
 * Connects to the server of a queue.
 *
 * @throws UsageError within ten seconds when it cannot be reached, or the address is of no known kind.
 */
export function connectQueue(url: string): Promise<QueueServer> {
  if (/^rediss?:\/\//.test(url)) return redisServer(url);
  if (/^postgres(ql)?:\/\//.test(url)) return postgresServer(url);
  throw new UsageError(`queue: expected an address redis://… or postgres://…, got "${url}"`);
}
