// The workspace as its folders say it: what the root commands and the generated files are derived from.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Packages that hold no variants. Every other folder below packages/ does. */
export const foundations = [
  'backends',
  'core',
  'datasets',
  'lab',
  'parallel',
  'sharpness',
  'testing',
  'tfjs-sam',
  'wasm-kernels',
];

/** The folders below a parent that hold a package, by name. */
export function foldersOf(parent) {
  const path = join(root, parent);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => existsSync(join(path, name, 'package.json')))
    .sort();
}

/** Every folder of the workspace but the root. */
export const workspaceFolders = () => [
  ...['docs', 'bench', 'golden'].filter((folder) => existsSync(join(root, folder, 'package.json'))),
  ...['packages', 'examples'].flatMap((parent) => foldersOf(parent).map((name) => `${parent}/${name}`)),
];

export const variantFolders = () => foldersOf('packages').filter((name) => !foundations.includes(name));

export const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

/** JSON as Biome formats it in this repository. */
export const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
