import { nodeModule } from './node-module.js';
import { reason } from './runtime.js';

/** Path of an optional package as seen from a folder or from here, or undefined when it is not installed. */
export function locate(name: string, from: string): string | undefined {
  const { createRequire } = nodeModule('node:module');
  const { resolve } = nodeModule('node:path');
  for (const base of [resolve(from, 'package.json'), import.meta.url]) {
    try {
      return createRequire(base).resolve(name);
    } catch {
      // Not visible from there.
    }
  }
  return undefined;
}

/** The beginning of the line of the answer. */
const ANSWER = 'tfjs-sam-probe:';

/** Time that a native library may take to load and answer. */
const PROBE_MS = 60_000;

/** The last words of a failed child process: how it died, or the line of its error. */
function diagnosis(error: Error & { signal?: string | null; killed?: boolean }, stderr: string): string {
  if (error.killed) return `did not answer within ${PROBE_MS / 1000} s`;
  if (error.signal) return `crashed in a trial run (${error.signal})`;
  return (
    stderr
      .split('\n')
      .find((line) => /Error\b.*:/.test(line))
      ?.trim() ?? reason(error)
  );
}

const lastLine = (output: string): string => output.trim().split('\n').at(-1) ?? '';

/** The marked answer in a probe's output; undefined where the process ended before it. */
function answerIn<T>(output: string): { readonly value: T } | undefined {
  // A library may print before and after it.
  const line = output.split('\n').find((each) => each.startsWith(ANSWER));
  try {
    return line === undefined ? undefined : { value: JSON.parse(line.slice(ANSWER.length)) as T };
  } catch {
    return undefined;
  }
}

/**
 * Runs a script in a child process, so that a native library that crashes does not take this process down. The script
 * gives its answer to `answer`, as JSON.
 *
 * @param script - An ES module.
 * @param given - What it finds in `process.argv`, from index 1.
 * @throws Error with one line that says what happened.
 */
export function probe<T>(script: string, ...given: readonly string[]): Promise<T> {
  const answer = `const answer = (value) => console.log(${JSON.stringify(ANSWER)} + JSON.stringify(value));`;
  const args = ['--input-type=module', '--eval', `${answer}\n${script}`, ...given];
  return new Promise((resolve, reject) => {
    nodeModule('node:child_process').execFile(
      process.execPath,
      args,
      { timeout: PROBE_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error) reject(new Error(diagnosis(error, stderr)));
        else {
          const answer = answerIn<T>(stdout);
          if (answer) resolve(answer.value);
          else reject(new Error(`ended without an answer, after "${lastLine(stdout)}"`));
        }
      },
    );
  });
}
