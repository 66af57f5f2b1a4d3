import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StepListener } from '../oracle/report.js';

/** A listener that writes to a file: pass it as `onStep`, close it after training. */
export type StepWriter = StepListener & {
  /** Waits until everything is written. */
  close(): Promise<void>;
};

/** Joins a way to write a report to the stream that it writes to. */
export function writerTo(stream: NodeJS.WritableStream, write: StepListener): StepWriter {
  return Object.assign((report: Parameters<StepListener>[0]) => write(report), {
    close: () =>
      new Promise<void>((resolve, reject) => {
        stream.once('error', reject);
        stream.end(resolve);
      }),
  });
}

/**
 * Writes step reports to a file, one JSON object a line; a number that the step lacks is null.
 *
 * @param path - The file; its folder is made, an existing file is appended to.
 * @example const log = jsonLines('runs/steps.jsonl'); msam(base, { onStep: log, reportEvery: 10 }); await log.close();
 */
export function jsonLines(path: string): StepWriter {
  mkdirSync(dirname(path), { recursive: true });
  const stream = createWriteStream(path, { flags: 'a' });
  return writerTo(stream, (report) => void stream.write(`${JSON.stringify(report)}\n`));
}
