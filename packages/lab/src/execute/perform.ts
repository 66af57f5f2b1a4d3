import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { type BackendName, prepareBackend } from '@tfjs-sam/backends';
import { loadRegistry } from '../parts/load.js';
import type { EpochRecord } from '../results.js';
import { canonical } from '../study/paths.js';
import { runTrial } from '../trial/run-trial.js';
import type { TrialConfig, TrialOutput } from '../trial/spec.js';
import type { Job } from './executor.js';

/** Events of a job inside the process that does it. */
export interface Hearer {
  epoch(record: EpochRecord): void;
  beat(): void;
  checkpoint(path: string): void | Promise<void>;
}

let running: { readonly backend: string; readonly ready: Promise<unknown> } | undefined;

/** Makes the backend of a trial active, unless it is. */
export async function useBackend(backend: TrialConfig['backend']): Promise<void> {
  const wanted = canonical(backend);
  if (running?.backend !== wanted) {
    tf.enableProdMode();
    const { name, deterministic } = backend;
    const ready = prepareBackend({ backend: name as BackendName, deterministic, log: () => {} });
    running = { backend: wanted, ready };
  }
  await running.ready;
}

let count = 0;

/** Does a job in this process. */
export async function perform(job: Job, hearer: Hearer): Promise<TrialOutput> {
  const { spec, until, checkpoint, shared } = job;
  await useBackend(spec.config.backend);
  const registry = await loadRegistry(spec.plugins);
  return runTrial(spec, registry, {
    until,
    epoch: (record) => hearer.epoch(record),
    beat: () => hearer.beat(),
    ...(shared && { keep: { folder: shared, seconds: checkpoint?.seconds ?? 30 } }),
    ...(checkpoint && {
      checkpoint: {
        from: checkpoint.from,
        seconds: checkpoint.seconds,
        path: (epoch: number) => join(checkpoint.folder, `${epoch}-${process.pid}-${++count}`),
        written: (path: string) => hearer.checkpoint(path),
      },
    }),
  });
}
