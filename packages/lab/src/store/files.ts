import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Makes a rename or a new file in a folder survive a loss of power; Windows cannot, and need not. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function writeWhole(file: number, data: Uint8Array): void {
  for (let at = 0; at < data.length; ) at += writeSync(file, data, at);
}

/** Replaces a file as one act: who reads sees the old or the new, also after a kill or a loss of power. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w');
  try {
    writeWhole(file, typeof content === 'string' ? Buffer.from(content) : content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

/** The whole lines of a file of JSON Lines; a torn last line, which a kill left, is dropped. */
export function readLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as T];
      } catch {
        // A block that a loss of power left empty.
        return [];
      }
    });
}

/** Appends lines of JSON to one file, each on disk before the next. */
export class LineWriter {
  readonly #file: number;

  /** Opens the file, and drops a torn last line. */
  constructor(path: string) {
    const torn = existsSync(path) ? readFileSync(path) : undefined;
    this.#file = openSync(path, 'a');
    if (torn && torn.length > 0 && torn.at(-1) !== 10) ftruncateSync(this.#file, torn.lastIndexOf(10) + 1);
  }

  append(record: object): void {
    writeWhole(this.#file, Buffer.from(`${JSON.stringify(record)}\n`));
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The JSON of a file; undefined where there is none, or a torn one. */
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
