import { isMainThread } from 'node:worker_threads';
import { build, loss as quick } from './task.mjs';

export { build };

const waits = new Int32Array(new SharedArrayBuffer(4));
/** Calls of a worker until its core is its own: by the query, `?busy=9`. */
const busy = Number(new URL(import.meta.url).searchParams.get('busy'));
let calls = 0;
/** Takes some milliseconds of sleep here, many on a worker as long as its core is busy: no load of the machine changes the order. */
export function loss(...batch) {
  calls += 1;
  Atomics.wait(waits, 0, 0, !isMainThread && calls <= busy ? 250 : 30);
  return quick(...batch);
}
