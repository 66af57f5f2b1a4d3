import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The layer of each folder: who depends on whom points down. A folder that is not named here holds a variant.
 * `testing` is for tests alone, and so below nothing and above everything.
 */
const layers: Readonly<Record<string, number>> = {
  'wasm-kernels': 1,
  core: 1,
  datasets: 1,
  backends: 1.5,
  sharpness: 2,
  parallel: 2,
  'tfjs-sam': 3,
  lab: 4,
};
const VARIANT = 2;
/** Layers say less than the architecture here: these may depend on nothing but what is named. */
const only: Readonly<Record<string, readonly string[]>> = {
  core: [],
  'wasm-kernels': [],
  datasets: [],
  backends: ['wasm-kernels'],
  sharpness: ['core'],
  parallel: ['core', 'backends'],
};

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly publishConfig?: { readonly access?: string };
  readonly sideEffects?: false | readonly string[];
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')) as Manifest;
const folders = readdirSync(join(root, 'packages')).filter((folder) =>
  existsSync(join(root, 'packages', folder, 'package.json')),
);
const folderOf = new Map(folders.map((folder) => [manifestOf(folder).name, folder]));
const layerOf = (folder: string) => (folder === 'testing' ? 9 : (layers[folder] ?? VARIANT));
const variants = folders.filter((folder) => folder !== 'testing' && !(folder in layers));

/** The workspace packages that a folder's package needs, at run time or (development) for its own tests. */
function needs(manifest: Manifest, development = false): string[] {
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = manifest;
  const declared = development
    ? { ...devDependencies }
    : { ...dependencies, ...peerDependencies, ...optionalDependencies };
  return Object.keys(declared).flatMap((name) => folderOf.get(name) ?? []);
}

/** What is wrong with the dependencies of a package. */
function violations(folder: string, manifest: Manifest): string[] {
  const allowed = layerOf(folder) === VARIANT ? (only[folder] ?? ['core']) : only[folder];
  const complain = (other: string, why: string) => `${folder} → ${other}: ${why}`;
  const runtime = needs(manifest).flatMap((other) => {
    if (other === 'testing' && folder !== 'testing') return [complain(other, 'testing is for tests alone')];
    if (layerOf(other) > layerOf(folder)) return [complain(other, 'points up')];
    if (layerOf(other) === layerOf(folder)) return [complain(other, 'points sideways')];
    if (allowed && !allowed.includes(other))
      return [complain(other, `may only need [${allowed.join(', ')}]`)];
    return [];
  });
  const tests = needs(manifest, true).flatMap((other) => {
    if (other === 'testing' || layerOf(other) < layerOf(folder)) return [];
    return [complain(other, 'points up or sideways, in tests')];
  });
  return [...runtime, ...tests];
}

/** Every TypeScript file below a folder. */
function sourcesOf(folder: string): string[] {
  const src = join(root, 'packages', folder, 'src');
  if (!existsSync(src)) return [];
  const names = readdirSync(src, { recursive: true }) as string[];
  return names.filter((name) => name.endsWith('.ts')).map((name) => join(src, name));
}

const importPattern = /(?:from|import)\s*\(?\s*'([^']+)'/g;
/** What a file imports at run time: imports of types alone are erased. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/^(?:import|export) type [^;]*;/gm, '');
  return [...text.matchAll(importPattern)].map(([, specifier]) => specifier!);
}

/** The source file that a specifier means, for the workspace's own; undefined for other packages. */
function fileOf(specifier: string, from: string): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(from), specifier.replace(/\.js$/, '.ts'));
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const folder = folderOf.get(name);
  if (folder === undefined) return undefined;
  const entry = manifestOf(folder).exports?.[`.${specifier.slice(name.length)}`]?.['@tfjs-sam/source'];
  if (entry === undefined) throw new Error(`${from}: ${specifier} is no entry point of ${name}`);
  return join(root, 'packages', folder, entry);
}

/** The packages from outside that loading an entry point loads. */
function reached(entry: string): Set<string> {
  const [packages, seen] = [new Set<string>(), new Set<string>()];
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const specifier of importsOf(file)) {
      const target = fileOf(specifier, file);
      if (target) visit(target);
      else packages.add(specifier);
    }
  };
  visit(entry);
  return packages;
}

/** Core's rooms: each may use those before it, at run time. */
const rooms = [
  ...['algebra', 'declare', 'engine', 'oracle', 'curvature', 'rules', 'optimizers', 'driver', 'registry'],
  'node',
];

/** Imports of core that go to a later room. */
function climbing(): string[] {
  const src = join(root, 'packages', 'core', 'src');
  const roomOf = (file: string): number => rooms.indexOf(file.slice(src.length + 1).split('/')[0]!);
  return sourcesOf('core').flatMap((file) =>
    importsOf(file)
      .map((specifier) => fileOf(specifier, file))
      .filter((target) => target !== undefined && roomOf(file) >= 0 && roomOf(target) > roomOf(file))
      .map((target) => `${file.slice(src.length + 1)} → ${target!.slice(src.length + 1)}`),
  );
}

describe('layers', () => {
  it('has the rooms of core, in the order of docs/architecture.md, and no import that climbs', () => {
    const found = readdirSync(join(root, 'packages/core/src'), { withFileTypes: true });
    expect(found.filter((each) => each.isDirectory()).map(({ name }) => name)).toEqual([...rooms].sort());
    const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    expect([...page.matchAll(/^\| `([a-z]+)\/`/gm)].map(([, name]) => name)).toEqual(rooms);
    expect(climbing()).toEqual([]);
  });

  it.each(folders)('%s depends on lower layers only', (folder) => {
    expect(violations(folder, manifestOf(folder))).toEqual([]);
  });

  it('would notice a dependency that points up, sideways or into the tests', () => {
    const made = (dependency: string, kind = 'dependencies') => ({
      name: 'x',
      [kind]: { [dependency]: '*' },
    });
    expect(violations('core', made('@tfjs-sam/sam'))).toEqual(['core → sam: points up']);
    expect(violations('sam', made('@tfjs-sam/msam'))).toEqual(['sam → msam: points sideways']);
    expect(violations('sam', made('tfjs-sam', 'peerDependencies'))).toEqual(['sam → tfjs-sam: points up']);
    expect(violations('sam', made('@tfjs-sam/datasets'))).toEqual(['sam → datasets: may only need [core]']);
    expect(violations('sam', made('@tfjs-sam/testing'))).toEqual([
      'sam → testing: testing is for tests alone',
    ]);
    expect(violations('sam', made('@tfjs-sam/msam', 'devDependencies'))).toHaveLength(1);
    expect(violations('sam', made('@tfjs-sam/testing', 'devDependencies'))).toEqual([]);
    expect(violations('a-new-variant', made('@tfjs-sam/sam'))).toHaveLength(1);
  });

  it.each(folders)('%s reaches other packages by name, at their entry points', (folder) => {
    for (const file of sourcesOf(folder)) {
      for (const specifier of importsOf(file)) {
        const target = fileOf(specifier, file);
        const own = join(root, 'packages', folder, '/');
        if (specifier.startsWith('.')) expect(target?.startsWith(own), `${file}: ${specifier}`).toBe(true);
      }
    }
  });
});

describe('packages', () => {
  const published = folders.filter((folder) => !manifestOf(folder).private);

  it.each(published)('%s has entry points with source, types and default', (folder) => {
    for (const [path, entry] of Object.entries(manifestOf(folder).exports ?? {})) {
      if (typeof entry === 'string') continue;
      const source = entry['@tfjs-sam/source']!;
      expect(existsSync(join(root, 'packages', folder, source)), `${folder} ${path}`).toBe(true);
      const built = source.replace('./src/', './dist/');
      expect(entry).toEqual({
        '@tfjs-sam/source': source,
        types: built.replace(/\.ts$/, '.d.ts'),
        default: built.replace(/\.ts$/, '.js'),
      });
    }
  });

  it.each(['core', ...variants])('%s carries neither container nor schemas', (folder) => {
    const packages = [...reached(join(root, 'packages', folder, 'src', 'index.ts'))];
    expect(packages.filter((name) => /^(zod|inversify|reflect-metadata)/.test(name))).toEqual([]);
    expect(packages).toContain('@tensorflow/tfjs-core');
  });

  it('carry both with the registry: the search above finds what there is', () => {
    const packages = reached(join(root, 'packages', 'core', 'src', 'registry', 'index.ts'));
    expect([...packages]).toEqual(expect.arrayContaining(['zod', 'inversify']));
  });

  it('have inversify in the registry alone', () => {
    const files = folders.flatMap(sourcesOf).filter((file) => importsOf(file).includes('inversify'));
    expect(files).toEqual([join(root, 'packages', 'core', 'src', 'registry', 'registry.ts')]);
  });
});

describe('the umbrella', () => {
  const source = (file: string) => readFileSync(join(root, 'packages', 'tfjs-sam', 'src', file), 'utf8');

  it.each(variants)('names %s: its exports and its plugins', (folder) => {
    const { name } = manifestOf(folder);
    expect(needs(manifestOf('tfjs-sam'))).toContain(folder);
    expect(source('variants.ts')).toContain(`from '${name}'`);
    expect(source('plugins.ts')).toContain(`from '${name}'`);
  });

  it('has variants to name', () => {
    expect(variants).toEqual(expect.arrayContaining(['sam', 'msam']));
  });
});

describe('sideEffects', () => {
  /** Modules of a package that export nothing, and so act by being loaded: entries of processes. */
  const acting = (folder: string): string[] => {
    const src = join(root, 'packages', folder, 'src');
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    return files.filter((file) => !/^export /m.test(readFileSync(join(src, file), 'utf8')));
  };
  const matches = (pattern: string, path: string) =>
    new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`).test(path);

  it.each(folders)('of %s are the modules that act by being loaded', (folder) => {
    const { sideEffects } = manifestOf(folder);
    const listed = sideEffects || [];
    for (const file of acting(folder)) {
      const built = `./dist/${file.replace(/ts$/, 'js')}`;
      for (const path of [`./src/${file}`, built])
        expect(
          listed.some((pattern) => matches(pattern, path)),
          `${path} listed`,
        ).toBe(true);
    }
    if (acting(folder).length === 0) expect(sideEffects).toBe(false);
  });
});

it.each(folders)('comments and sentences of options in %s open with the noun or the verb', (folder) => {
  const src = join(root, 'packages', folder, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const opening = /(?:\/\*\*|\/\/|^\s*\*|\bdoc:\s*['"`])\s*(?:What|Whether|Which|How)\b.*/gm;
  // A comment's middle line may begin with any word: the one before it has no full stop.
  const opens = (text: string, { 0: line, index }: RegExpExecArray) =>
    !/^\s*\*/.test(line) || /\/\*\*\s*$/.test(text.slice(0, index));
  const found = files.flatMap((file) => {
    const text = readFileSync(join(src, file), 'utf8');
    return [...text.matchAll(opening)]
      .filter((match) => opens(text, match))
      .map(([line]) => `${file}: ${line}`);
  });
  expect(found).toEqual([]);
});

it('the workflow that publishes gives npm what provenance asks for', () => {
  const text = (path: string) => readFileSync(join(root, '.github', path), 'utf8');
  const workflow = text('workflows/release.yml');
  expect(workflow).toMatch(/^permissions:\n(?: {2}.*\n)*? {2}id-token: write/m);
  expect(workflow).toMatch(/publish: bash \.github\/publish\.sh/);
  expect(workflow).toMatch(/NPM_CONFIG_PROVENANCE: true/);
  // `release.slow.test.ts` reads back from a registry what the script makes of each package.json.
  expect(text('publish.sh')).toMatch(/repository\.url=git\+https:\/\/github\.com\/\$GITHUB_REPOSITORY\.git/);
  const isPublic = (folder: string) => manifestOf(folder).private !== true;
  const restricted = folders.filter(
    (folder) => isPublic(folder) && manifestOf(folder).publishConfig?.access !== 'public',
  );
  expect(restricted).toEqual([]);
});
