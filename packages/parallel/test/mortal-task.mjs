import { isMainThread } from 'node:worker_threads';
import { build, loss as living } from './task.mjs';

export { build };

let calls = 0;
/** Ends its thread at the third call, in whatever state. */
export function loss(...batch) {
  calls += 1;
  if (!isMainThread && calls === 3) process.exit(7);
  return living(...batch);
}
