// The files that only repeat which folders there are: references of TypeScript, and the umbrella's lists of packages.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { json, readJson, root, variantFolders, workspaceFolders } from './workspace.mjs';

const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
/** As Biome formats a configuration of TypeScript: what fits on a line is on one. */
const tsconfig = (value) => json(value).replace(/\[\s+("[^"]*")\s+\]/g, '[$1]');
const referencesTo = (paths) => paths.map((path) => ({ path }));
const has = (folder, name) => existsSync(join(root, folder, name));

/** How TypeScript builds a folder that does not say it itself: with what its manifest needs of the workspace. */
function buildOf(folder) {
  const { dependencies, devDependencies } = readJson(`${folder}/package.json`);
  const needed = { ...dependencies, ...devDependencies };
  const references = workspaceFolders().filter(
    (other) => readJson(`${other}/package.json`).name in needed && has(other, 'tsconfig.json'),
  );
  return tsconfig({
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
    include: ['src'],
    references: referencesTo(references.map((other) => `../../${other}`)),
  });
}

/** Files and what they should say, by path. */
export function wiredFiles() {
  const variants = variantFolders();
  const built = workspaceFolders().filter((folder) => has(folder, 'tsconfig.json') || has(folder, 'src'));
  const fresh = built.filter((folder) => !has(folder, 'tsconfig.json'));
  const umbrella = 'packages/tfjs-sam';
  const { dependencies: _, ...manifest } = readJson(`${umbrella}/package.json`);
  const needed = ['core', ...variants].map((folder) => [`@tfjs-sam/${folder}`, 'workspace:^']);
  const ordered = Object.entries(manifest).flatMap((entry) =>
    entry[0] === 'peerDependencies' ? [['dependencies', Object.fromEntries(needed)], entry] : [entry],
  );
  return {
    ...Object.fromEntries(fresh.map((folder) => [`${folder}/tsconfig.json`, buildOf(folder)])),
    'tsconfig.json': json({ ...readJson('tsconfig.json'), references: referencesTo(built) }),
    [`${umbrella}/package.json`]: json(Object.fromEntries(ordered)),
    [`${umbrella}/tsconfig.json`]: tsconfig({
      ...readJson(`${umbrella}/tsconfig.json`),
      references: referencesTo(['core', ...variants].map((folder) => `../${folder}`)),
    }),
    [`${umbrella}/src/variants.ts`]: [
      '/** Every package of variants, one line for each. Written by `npm run generate`. */',
      '',
      ...variants.map((folder) => `export * from '@tfjs-sam/${folder}';`),
      '',
    ].join('\n'),
    [`${umbrella}/src/plugins.ts`]: [
      '/** The packages of the project, one line for each. Written by `npm run generate`. */',
      ...variants.map((folder) => `import * as ${camel(folder)} from '@tfjs-sam/${folder}';`),
      '',
      '/** The exports of each package, by its name. */',
      'export const packages: Readonly<Record<string, object>> = {',
      ...variants.map((folder) => `  '@tfjs-sam/${folder}': ${camel(folder)},`),
      '};',
      '',
    ].join('\n'),
  };
}

/** Those of the files that say something else. */
export function outdated(files) {
  return Object.keys(files).filter((path) => {
    const file = join(root, path);
    return !existsSync(file) || readFileSync(file, 'utf8') !== files[path];
  });
}

/** Brings the files up to date. @returns The paths of those that were not. */
export function writeFiles(files) {
  const paths = outdated(files);
  for (const path of paths) writeFileSync(join(root, path), files[path]);
  return paths;
}
