import workerpool from 'workerpool';
import type { Job } from './executor.js';
import { perform } from './perform.js';

// A message is the only tie to the runner: a worker whose runner died leaves at the next pause (workerpool hears
// `disconnect`), and until then writes nothing that anybody reads.
workerpool.worker({
  job: (job: Job) => {
    workerpool.workerEmit({ type: 'beat' });
    return perform(job, {
      epoch: (record) => workerpool.workerEmit({ type: 'epoch', record }),
      beat: () => workerpool.workerEmit({ type: 'beat' }),
      checkpoint: (path) => workerpool.workerEmit({ type: 'checkpoint', path }),
    });
  },
});
