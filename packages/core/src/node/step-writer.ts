import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { reportsArrived, type StepListener, type StepReport } from '../oracle/report.js';

/**
 * A listener that writes to a file: pass it as `onStep`, close it after training. A file that cannot be written (a full
 * disk) is said once on the console; the training goes on without the lines.
 */
export type StepWriter = StepListener & {
  /** Waits until the steps so far have been reported and written. Rejects with the error that ended the writing. */
  close(): Promise<void>;
};

/**
 * A writer of reports to a file.
 *
 * @param owner - The name in messages.
 * @param begin - What the file begins with.
 */
export function writerTo(
  owner: string,
  path: string,
  flags: 'a' | 'w',
  write: (report: StepReport) => string | Uint8Array,
  begin?: Uint8Array,
): StepWriter {
  const stream = createWriteStream(path, { flags });
  let failure: Error | undefined;
  stream.on('error', (error) => {
    failure = new Error(`${owner}: expected to write "${path}", got ${error.message}`, { cause: error });
    console.warn(`${failure.message}. The steps from here on are not written.`);
  });
  if (begin) stream.write(begin);
  const finish = async () => {
    // A loop without awaits ends before the numbers of its steps have arrived.
    await reportsArrived();
    stream.end();
    await finished(stream).catch(() => {});
    if (failure) throw failure;
  };
  let closed: Promise<void> | undefined;
  const listener = (report: StepReport) => {
    if (stream.writable) stream.write(write(report));
  };
  return Object.assign(listener, { close: () => (closed ??= finish()) });
}
