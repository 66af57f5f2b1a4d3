import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type StepWriter, writerTo } from './step-writer.js';

/**
 * Writes step reports to a file, one JSON object a line; a number that the step lacks is null.
 *
 * @param path - The file; its folder is made, an existing file is appended to.
 * @throws Error when the folder cannot be made. What fails later ends the writing, never the training: see `StepWriter`.
 * @example const log = jsonLines('runs/steps.jsonl'); msam(base, { onStep: log, reportEvery: 10 }); await log.close();
 */
export function jsonLines(path: string): StepWriter {
  mkdirSync(dirname(path), { recursive: true });
  return writerTo('jsonLines', path, 'a', (report) => `${JSON.stringify(report)}\n`);
}
