import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { labVersion } from '../version.js';
import { canonical } from './paths.js';

/** Hex digits of an identity: 80 bits, so that a million trials meet with odds of one in 10¹². */
const digits = 20;

/** A short hash of a value: equal values have equal hashes, whatever the order of their keys. */
export const hashOf = (value: unknown): string =>
  createHash('sha256').update(canonical(value)).digest('hex').slice(0, digits);

/** What a trial's numbers depend on beside its configuration and data. */
export type CodeVersion = Readonly<Record<string, string>>;

/**
 * Files of code below a folder. Installed packages are not looked into: workspaces link to one another there, in circles
 * that a recursive listing would follow for ever.
 */
function codeBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : codeBelow(path);
    return entry.isFile() && /\.([cm]?[jt]s|json)$/.test(entry.name) ? [path] : [];
  });
}

/** A hash of a file, or of the files of a package's folder. */
function contentHash(path: string): string {
  const hash = createHash('sha256');
  const files = statSync(path).isDirectory() ? codeBelow(path).sort() : [path];
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, digits);
}

/** Versions of the lab and of TensorFlow.js, and the content of files that provide parts (not what they import). */
export function codeVersion(plugins: readonly string[]): CodeVersion {
  const files = plugins
    .filter((plugin) => isAbsolute(plugin))
    .map((path) => [basename(path), contentHash(path)] as const);
  return { lab: labVersion(), tfjs: tf.version_core, ...Object.fromEntries(files) };
}
