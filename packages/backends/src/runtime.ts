/** True in Node: the native backends and their probes need it. */
export const isNode: boolean =
  typeof process !== 'undefined' &&
  typeof process.versions === 'object' &&
  process.versions.node !== undefined;

/** The message of anything thrown, on one line. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]!.trim();
}
