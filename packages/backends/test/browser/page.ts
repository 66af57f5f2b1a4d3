import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { runningThreads } from '../../../wasm-kernels/src/engine.js';
import { limits } from '../../../wasm-kernels/src/threads/limits.js';
import { doctor, formatDoctorReport, prepareBackend } from '../../src/index.js';
import { trainSmall } from '../small-training.js';

/** What the page answers. */
export interface Answer {
  readonly isolated: boolean;
  /** Threads that were at work on a product, where two are asked for. */
  readonly threads: number;
  readonly backend: string;
  readonly implementation: string | undefined;
  /** The lines of every attempt. */
  readonly log: string[];
  /** Loss after each step of a training, and of the same on cpu. */
  readonly losses: Readonly<Record<'taken' | 'cpu', number[]>>;
  /** The lines of doctor's report. */
  readonly report: string[];
}

/** Multiplies until two threads are at work, ten seconds at most. */
async function startThreads(): Promise<void> {
  const x = tf.ones([96, 96]);
  for (const until = performance.now() + 10_000; runningThreads() < 2 && performance.now() < until; ) {
    tf.dispose(tf.matMul(x, x));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  x.dispose();
}

async function run(): Promise<Answer> {
  setWasmPaths(asked.has('no-binaries') ? '/nowhere/' : '/');
  if (asked.has('no-threads')) tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (asked.has('threads')) Object.assign(limits, { least: 0, part: 0, start: 0, always: true });
  const log: string[] = [];
  const { backend, kernels } = await prepareBackend({
    ...(asked.has('webgl') && { backend: 'webgl' as const }),
    ...(asked.has('threads') && { threads: 2 }),
    log: (line) => log.push(line),
  });
  if (asked.has('threads')) await startThreads();
  const threads = runningThreads();
  const { losses: taken } = await trainSmall();
  const report = formatDoctorReport(await doctor({ budget: 0 }));
  await prepareBackend({ backend: 'cpu', log: () => {} });
  const { losses: cpu } = await trainSmall();
  return {
    isolated: crossOriginIsolated,
    threads,
    backend,
    implementation: kernels?.implementation,
    log,
    losses: { taken, cpu },
    report,
  };
}

const asked = new URL(location.href).searchParams;
run()
  .catch((error: unknown) => ({ error: String(error) }))
  .then((answer) =>
    // To another origin, whose reply this page may not read.
    fetch(asked.get('answer')!, { method: 'POST', mode: 'no-cors', body: JSON.stringify(answer) }),
  );
