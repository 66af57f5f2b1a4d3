import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { labVersion } from '../version.js';
import { canonical } from './paths.js';

/** Hex digits of an identity: 80 bits, so that a million trials meet with odds of one in 10¹². */
const digits = 20;

/** A short hash of a value: equal values have equal hashes, whatever the order of their keys. */
export const hashOf = (value: unknown): string =>
  createHash('sha256').update(canonical(value)).digest('hex').slice(0, digits);

/** Causes of a trial's numbers beside its configuration and data. */
export type CodeVersion = Readonly<Record<string, string>>;

/**
 * Files of code below a folder. Installed packages are not looked into: workspaces link to one another there, in circles
 * that a recursive listing would follow for ever.
 */
function codeBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : codeBelow(path);
    return entry.isFile() && /\.([cm]?[jt]s|json|wasm)$/.test(entry.name) && !entry.name.endsWith('.d.ts')
      ? [path]
      : [];
  });
}

/** A hash of a file, or of the files of a package's folder. */
function contentHash(path: string): string {
  const hash = createHash('sha256');
  const files = statSync(path).isDirectory() ? codeBelow(path).sort() : [path];
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, digits);
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The folder of a package that another one depends on, as Node.js finds it. */
function folderOf(name: string, from: string): string {
  const folder = join(from, 'node_modules', name);
  if (existsSync(join(folder, 'package.json'))) return realpathSync(folder);
  const above = dirname(from);
  if (above === from) throw new Error(`expected the package ${name} to be installed, found none`);
  return folderOf(name, above);
}

/** A package, and every package of this project that it depends on. */
function packagesFrom(folder: string, found = new Set<string>()): Set<string> {
  if (found.has(folder)) return found;
  found.add(folder);
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(dependencies))
    if (/^(@tfjs-sam\/|tfjs-sam$)/.test(name)) packagesFrom(folderOf(name, folder), found);
  return found;
}

/** The folders of the lab that make numbers: who runs a trial, keeps it and shows it may change, and it is the same trial. */
const rooms = ['data', 'measures', 'models', 'trial'];

let product: string | undefined;

/**
 * A hash of this project's own code that makes a trial's numbers, as it is built: of the lab's rooms of trials, and of every package
 * of the project that the lab depends on. Once a process; it reads some 500 files in 30 ms.
 *
 * @param lab - The lab's folder.
 */
export function productHash(lab: string): string {
  const hash = createHash('sha256');
  for (const folder of [...packagesFrom(realpathSync(lab))].sort(byName)) {
    // Sources alone, where nothing is built: our own tests.
    const code = ['dist', 'src'].map((name) => join(folder, name)).find((path) => existsSync(path));
    if (!code) continue;
    const folders = folder === realpathSync(lab) ? rooms.map((room) => join(code, room)) : [code];
    for (const file of folders.flatMap(codeBelow).sort()) {
      hash.update(`${basename(folder)}${file.slice(folder.length)}\0`);
      hash.update(readFileSync(file));
    }
  }
  return hash.digest('hex').slice(0, digits);
}

/** Where a package lies differs from machine to machine; its name does not. */
const byName = (a: string, b: string): number => (basename(a) < basename(b) ? -1 : 1);

/**
 * Versions of the lab and of TensorFlow.js, and the content of what provides parts: of this project's code, and of files of plugins (not
 * of what they import). A mended part makes other trials, also within one version.
 */
export function codeVersion(plugins: readonly string[]): CodeVersion {
  const files = plugins
    .filter((plugin) => isAbsolute(plugin))
    .map((path) => [basename(path), contentHash(path)] as const);
  product ??= productHash(fileURLToPath(new URL('../..', import.meta.url)));
  return { lab: labVersion(), tfjs: tf.version_core, code: product, ...Object.fromEntries(files) };
}
