import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';

/**
 * Makes a folder and those above it; where it cannot be made, none of them stays.
 *
 * @returns The outermost that was made; undefined where all were there.
 */
export function makeFolder(path: string): string | undefined {
  const made: string[] = [];
  for (let each = resolve(path); !existsSync(each) && dirname(each) !== each; each = dirname(each))
    made.push(each);
  try {
    mkdirSync(path, { recursive: true });
    return made.at(-1);
  } catch (error) {
    for (const each of made) if (existsSync(each)) rmdirSync(each);
    throw error;
  }
}

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

/** Writes to the disk, to the last byte. @throws Error that names the file when it is full. */
export function writeToDisk(file: number, data: Uint8Array, path: string): void {
  try {
    for (let at = 0; at < data.length; ) at += writeSync(file, data, at);
    fsyncSync(file);
  } catch (error) {
    // The system's error has no path where a file is written by its number.
    if (error instanceof Error) error.message += ` "${path}"`;
    throw error;
  }
}

/** Replaces a file as one act: who reads sees the old or the new, also after a kill or a loss of power. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, 'w');
    try {
      writeToDisk(file, typeof content === 'string' ? Buffer.from(content) : content, path);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Removes what killed writers of a folder left beside its files. Only for who alone writes there. */
export function dropTemporary(folder: string): void {
  for (const name of readdirSync(folder))
    if (name.endsWith('.tmp')) rmSync(join(folder, name), { force: true });
}

const checksumAtEnd = /,\s*"checksum":\s*"([0-9a-f]{8})"\s*\}\s*$/;
/** A CRC-32 that begins with whose file it is: one that was exchanged with another's is not as it was written. */
const checksumOf = (text: string, owner: string): string =>
  crc32(text, crc32(owner)).toString(16).padStart(8, '0');

/** JSON of an object whose last field is a checksum of all before it. */
function encoded(value: object, owner: string, indent?: number): string {
  const body = JSON.stringify(value, null, indent).replace(/\s*\}$/, '');
  const separator = indent === undefined ? ',' : `,\n${' '.repeat(indent)}`;
  return `${body}${separator}"checksum":"${checksumOf(body, owner)}"${indent === undefined ? '' : '\n'}}\n`;
}

/** The object of such a text, or of one that never had a checksum; undefined for one that is not as it was written. */
function decoded<T>(text: string, owner: string): T | undefined {
  const end = checksumAtEnd.exec(text);
  const body = end ? text.slice(0, end.index) : text;
  if (end && checksumOf(body, owner) !== end[1]) return undefined;
  try {
    const value = JSON.parse(end ? `${body}}` : text) as unknown;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.hasOwn(value, 'checksum') ? undefined : (value as T);
  } catch {
    return undefined;
  }
}

/** Replaces a file of JSON, with a checksum, as one act. `owner` tells it from others of its name. */
export function writeJson(path: string, value: object, owner: string, indent?: number): void {
  replaceFile(path, encoded(value, owner, indent));
}

/** The object that a file of JSON holds; undefined where there is none, or it is not as it was written. */
export function readJson<T>(path: string, owner: string): T | undefined {
  return existsSync(path) ? decoded(readFileSync(path, 'utf8'), owner) : undefined;
}

/** Each line's checksum begins with that of the line before: none can be taken out, repeated or exchanged. */
const linkAfter = (line: string, link: string): string => checksumAtEnd.exec(line)?.[1] ?? link;

/** The lines of a file up to the first that is not as it was written, how many bytes they are, and the last checksum. */
function wholeLines<T>(
  path: string,
  owner: string,
): { readonly records: readonly T[]; readonly bytes: number; readonly link: string } {
  const records: T[] = [];
  let bytes = 0;
  let link = owner;
  const data = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, bytes)) {
    const line = data.toString('utf8', bytes, end);
    const record = decoded<T>(line, link);
    if (record === undefined) break;
    records.push(record);
    link = linkAfter(line, link);
    bytes = end + 1;
  }
  return { records, bytes, link };
}

/** The records of a file of JSON Lines; a torn last line, which a kill left, is dropped, and so is all after damage. */
export const readLines = <T>(path: string, owner: string): readonly T[] => wholeLines<T>(path, owner).records;

/** Appends lines of JSON to one file, each on disk before the next. */
export class LineWriter {
  readonly #path: string;
  readonly #file: number;
  #link: string;

  /** Opens the file, and drops what readers would not read. */
  constructor(path: string, owner: string) {
    this.#path = path;
    const { bytes, link } = wholeLines(path, owner);
    this.#link = link;
    this.#file = openSync(path, 'a');
    ftruncateSync(this.#file, bytes);
  }

  append(record: object): void {
    const line = encoded(record, this.#link);
    writeToDisk(this.#file, Buffer.from(line), this.#path);
    this.#link = linkAfter(line, this.#link);
  }

  close(): void {
    closeSync(this.#file);
  }
}
