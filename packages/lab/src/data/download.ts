import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { replaceFile } from '../store/files.js';

/** A file of a published data set. */
export interface PublishedFile {
  readonly name: string;
  /** Where it is published. */
  readonly url: string;
  /** MD5 of the compressed file, as its publishers give it. */
  readonly md5: string;
}

/** The folder of data sets: `TFJS_SAM_DATA`, or `data` in the working directory. */
export const dataFolder = (name: string): string => resolve(process.env.TFJS_SAM_DATA ?? 'data', name);

/** A file as the folder has it: compressed or not; undefined where it is missing. */
function local(folder: string, name: string): Uint8Array | undefined {
  for (const path of [join(folder, name), join(folder, name.replace(/\.gz$/, ''))])
    if (existsSync(path)) return readFileSync(path);
  return undefined;
}

async function fetched({ url, name, md5 }: PublishedFile, folder: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(120_000) });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new Error(
      `expected "${name}" in ${folder}, and could not download it from ${url}: ${(error as Error).message}. Put the file there, or set TFJS_SAM_DATA`,
    );
  }
  const found = createHash('md5').update(bytes).digest('hex');
  if (found !== md5) throw new Error(`expected ${url} to have the MD5 ${md5}, got ${found}: not kept`);
  mkdirSync(folder, { recursive: true });
  replaceFile(join(folder, name), bytes);
  return bytes;
}

/**
 * A published file, compressed or not: from the folder, else downloaded once, checked and kept there.
 *
 * @throws Error that names the folder, the address and the remedy.
 */
export async function publishedFile(file: PublishedFile, folder: string): Promise<Uint8Array> {
  return local(folder, file.name) ?? fetched(file, folder);
}

/** Files of a tar archive by name. */
export function untar(archive: Uint8Array): Map<string, Uint8Array> {
  const text = (from: number, to: number): string =>
    Buffer.from(archive.subarray(from, to)).toString('latin1').replace(/\0.*$/s, '');
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, at + 136).trim() || '0', 8);
    files.set(text(at, at + 100), archive.subarray(at + 512, at + 512 + size));
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return files;
}
