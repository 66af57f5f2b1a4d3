import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { doctor, formatDoctorReport, prepareBackend } from '../../src/index.js';
import { trainSmall } from '../small-training.js';

/** What the page answers. */
export interface Answer {
  readonly isolated: boolean;
  readonly backend: string;
  readonly implementation: string | undefined;
  /** The lines of every attempt. */
  readonly log: string[];
  /** Loss after each step of a training, and of the same on cpu. */
  readonly losses: Readonly<Record<'taken' | 'cpu', number[]>>;
  /** The lines of doctor's report. */
  readonly report: string[];
}

async function run(): Promise<Answer> {
  setWasmPaths(asked.has('no-binaries') ? '/nowhere/' : '/');
  if (asked.has('no-threads')) tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const log: string[] = [];
  const { backend, kernels } = await prepareBackend({
    ...(asked.has('webgl') && { backend: 'webgl' as const }),
    log: (line) => log.push(line),
  });
  const { losses: taken } = await trainSmall();
  const report = formatDoctorReport(await doctor({ budget: 0 }));
  await prepareBackend({ backend: 'cpu', log: () => {} });
  const { losses: cpu } = await trainSmall();
  return {
    isolated: crossOriginIsolated,
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
