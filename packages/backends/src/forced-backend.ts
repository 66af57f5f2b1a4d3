import { isBackendName, isThreadCount, oneOfTheBackends } from './options.js';
import { isNode } from './runtime.js';
import type { BackendName, PrepareOptions } from './types.js';

/** The value of TFJS_SAM_BACKEND; undefined where it is not set, or empty, or there is no environment. */
export function askedBackend(): string | undefined {
  return (isNode && process.env.TFJS_SAM_BACKEND) || undefined;
}

/** The fault of a value of TFJS_SAM_BACKEND that names no backend. */
export const unknownBackend = (asked: string): string =>
  `TFJS_SAM_BACKEND: expected ${oneOfTheBackends}, got "${asked}"`;

/** The way to force a backend here. */
export const forcing = (backend: BackendName): string =>
  isNode ? `TFJS_SAM_BACKEND=${backend}` : `prepareBackend('${backend}')`;

/** The backend that option or environment ask for. */
export function forcedBackend({ backend }: PrepareOptions): BackendName | undefined {
  if (backend) return backend;
  const asked = askedBackend();
  if (asked === undefined || isBackendName(asked)) return asked;
  throw new RangeError(unknownBackend(asked));
}

/** The threads that option or environment ask for; undefined where neither does. */
export function askedThreads({ threads }: PrepareOptions): number | undefined {
  const asked = isNode ? process.env.TFJS_SAM_THREADS : undefined;
  if (threads !== undefined || !asked) return threads;
  if (isThreadCount(Number(asked))) return Number(asked);
  throw new RangeError(`TFJS_SAM_THREADS: expected a whole number from 1 to 64, got "${asked}"`);
}
