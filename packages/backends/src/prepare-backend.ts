import { askedThreads, forcedBackend } from './forced-backend.js';
import { prepareOptions, requireOptions } from './options.js';
import { reason } from './runtime.js';
import { starters } from './starters.js';
import {
  type Attempt,
  type BackendName,
  backendNames,
  type PreparedBackend,
  type PrepareOptions,
  type Started,
} from './types.js';

/** Starts a backend; a failure is an attempt that was not taken. */
async function attempt(
  backend: BackendName,
  options: PrepareOptions,
  forced: boolean,
): Promise<{ attempt: Attempt; started?: Started }> {
  try {
    const started = await starters[backend](options, forced);
    return { attempt: { backend, taken: true, message: `${backend}: taken, ${started.message}` }, started };
  } catch (error) {
    return { attempt: { backend, taken: false, message: `${backend}: not taken, ${reason(error)}` } };
  }
}

/**
 * Picks the fastest TensorFlow.js backend that works here, prepares it for training and makes it active. In order:
 * tfjs-node-gpu, tfjs-node and webgpu where they are installed and work, wasm with our training kernels, cpu.
 *
 * @param preference - The one backend to use, or options. A backend named here goes before `TFJS_SAM_BACKEND`.
 * @returns What was taken, and every attempt with its reason in one line.
 * @throws RangeError when `preference` or `TFJS_SAM_BACKEND` names no backend, `threads` or `TFJS_SAM_THREADS` is no number of
 * threads, or an option is unknown.
 * @throws TypeError when `preference` or an option is the wrong kind of thing.
 * @throws Error when the backend that was asked for, or every backend, does not start.
 * @example
 * import * as tf from '@tensorflow/tfjs';
 * import { prepareBackend } from '@tfjs-sam/backends';
 * const { backend } = await prepareBackend({ log: console.error });
 */
export async function prepareBackend(
  preference: BackendName | PrepareOptions = {},
): Promise<PreparedBackend> {
  const options = typeof preference === 'string' ? { backend: preference } : preference;
  requireOptions(prepareOptions, options);
  const forced = forcedBackend(options);
  askedThreads(options);
  const attempts: Attempt[] = [];
  for (const backend of forced ? [forced] : backendNames) {
    const outcome = await attempt(backend, options, forced !== undefined);
    attempts.push(outcome.attempt);
    options.log?.(outcome.attempt.message);
    if (!outcome.started) continue;
    const { kernels, slow } = outcome.started;
    // Nothing slow is taken silently.
    if (slow && !options.log) console.warn(attempts.map(({ message }) => message).join('\n'));
    return { backend, attempts, ...(kernels ? { kernels } : {}) };
  }
  const messages = attempts.map(({ message }) => message).join('; ');
  throw new Error(`prepareBackend: expected ${forced ?? 'a backend'} to start, got: ${messages}`);
}
