import type { Executor, Job, JobListener } from './executor.js';
import { perform } from './perform.js';

/** Trials one after the other in this process: nothing to start, nothing that survives a crash of a trial. */
export class InProcessExecutor implements Executor {
  readonly slots = 1;
  readonly description = 'in this process';

  run(job: Job, listener: JobListener) {
    return perform(job, {
      ...listener,
      epoch: listener.epoch,
      checkpoint: listener.checkpoint,
      beat: () => {},
    });
  }

  async close(): Promise<void> {}
}
