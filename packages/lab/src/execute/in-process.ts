import type { Executor, Job, JobListener } from './executor.js';
import { perform } from './perform.js';

/** Trials one after the other in this process: nothing to start, nothing that survives a crash of a trial. */
export class InProcessExecutor implements Executor {
  readonly slots = 1;
  readonly description = 'in this process';
  #closed = false;

  run(job: Job, listener: JobListener) {
    return perform(job, {
      ...listener,
      epoch: listener.epoch,
      checkpoint: listener.checkpoint,
      // Thrown between two steps: a stop does not wait for the end of a training.
      beat: () => {
        if (this.#closed) throw new Error('stopped');
      },
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}
