// Packs every public package as it would be published, into files that npm installs elsewhere: node scripts/pack.mjs [folder]
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { foldersOf, readJson, root } from './workspace.mjs';

/** Packs into a folder. By pnpm: it puts versions in the place of `workspace:` and `catalog:`. @returns Paths of the files. */
export function packAll(folder) {
  const manifests = foldersOf('packages').map((name) => readJson(`packages/${name}/package.json`));
  const filters = manifests.flatMap(({ private: isPrivate, name }) => (isPrivate ? [] : ['--filter', name]));
  const { packageManager } = readJson('package.json');
  const args = [
    '--yes',
    packageManager,
    'pack',
    '--recursive',
    ...filters,
    '--pack-destination',
    folder,
    '--json',
  ];
  const shell = process.platform === 'win32';
  const result = spawnSync('npx', args, { cwd: root, shell, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (result.status !== 0) throw new Error(`npx ${args.join(' ')}\n${result.stdout}${result.stderr}`);
  return JSON.parse(result.stdout).map(({ filename }) => filename);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? 'tarballs');
  mkdirSync(folder, { recursive: true });
  for (const path of packAll(folder)) console.log(`pack: ${basename(path)}`);
  // They depend on one another: npm is given all of them, so that it looks for none in its registry.
  console.log(`pack: install them elsewhere with  npm install @tensorflow/tfjs ${folder}/*.tgz`);
}
