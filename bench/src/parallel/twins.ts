import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { AnyModelName } from '../models/names.js';

/** The data that a twin is started with. */
export interface TwinSetup {
  readonly model: AnyModelName;
  /** Steps of a round. */
  readonly steps: number;
  /** Rounds that were asked for, and those that are done; shared. */
  readonly control: Int32Array;
}

/** Starts a thread that takes the same steps as this one, at the same time. */
export async function startTwin(model: AnyModelName, steps: number) {
  const control = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL('./twin.js', import.meta.url), {
    workerData: { model, steps, control } satisfies TwinSetup,
  });
  await once(worker, 'message');
  return {
    /** Takes the steps of a round here and there. Done when both are. */
    round(step: () => void): void {
      const round = Atomics.add(control, 0, 1) + 1;
      Atomics.notify(control, 0);
      for (let i = 0; i < steps; i++) step();
      while (Atomics.load(control, 1) < round) Atomics.wait(control, 1, round - 1);
    },
    end: () => worker.terminate(),
  };
}
