import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { coreKinds, type Plugin, pluginsOf } from '@tfjs-sam/core/registry';
import { resolve } from 'import-meta-resolve';
import { z } from 'zod';
import { UsageError } from './errors.js';
import { labKinds } from './parts/part.js';

const manifest = z.object({ name: z.string() });
const isPath = (specifier: string): boolean => /^\.{0,2}[/\\]|^[a-z]:[/\\]|^\.{1,2}$/i.test(specifier);

/** The address of a folder's package, whatever its exports call the entry: a package can import itself by name. */
function packageAt(folder: string): string {
  const { name } = manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  return resolve(name, pathToFileURL(join(folder, 'package.json')).href);
}

/** Where a plugin is: a package's name is looked up from `from`, as an import there would. */
function addressOf(specifier: string, from: string): string {
  if (!isPath(specifier)) return resolve(specifier, pathToFileURL(join(from, 'package.json')).href);
  const path = resolvePath(from, specifier);
  return statSync(path).isDirectory() ? packageAt(path) : pathToFileURL(path).href;
}

/** After so many ms a module is not waited for. */
const PATIENCE = 10_000;

/** Imports a module of somebody else's, which may never be done. */
export async function importWithin(address: string, patience = PATIENCE): Promise<object> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not load within ${patience / 1000} s`)), patience);
  });
  try {
    return (await Promise.race([import(address), late])) as object;
  } finally {
    clearTimeout(timer);
  }
}

/** What somebody else's code threw, in words: it may be anything, and its message a getter. */
function reasonOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message.split('\n')[0]! : String(error);
  } catch {
    return 'it threw something that cannot be shown';
  }
}

/** What options and lists of names can say: a name without commas, blanks and controls. */
const selectable = /^(?!__proto__$)[\w.-]+$/;

function requireSelectable(specifier: string, parts: readonly { readonly name: string }[]): void {
  const wrong = parts.find(({ name }) => !selectable.test(name));
  if (wrong)
    throw new TypeError(
      `expected names of letters, digits, ".", "_" and "-", got "${wrong.name}" in "${specifier}"`,
    );
}

/** The package that a specifier means, for messages: its own name, or that of the nearest package.json above a path. */
function providerOf(specifier: string, from: string): string {
  if (!isPath(specifier)) return specifier;
  let folder = resolvePath(from, specifier);
  while (folder !== dirname(folder)) {
    const path = join(folder, 'package.json');
    const found = existsSync(path) ? manifest.safeParse(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
    if (found?.success) return found.data.name;
    folder = dirname(folder);
  }
  return specifier;
}

/** What a module exports that definePart made, and what it exports as `plugins`: parts of the lab's own kinds. */
async function partsOf(specifier: string, from: string): Promise<{ kind: string; name: string }[]> {
  const module = (await importWithin(addressOf(specifier, from))) as { plugins?: unknown };
  const listed: { kind: string; name: string }[] = Array.isArray(module.plugins) ? module.plugins : [];
  const known: readonly unknown[] = [...coreKinds, ...labKinds];
  const junk = listed.some(
    (part: { name?: unknown; kind?: unknown } | null) =>
      typeof part?.name !== 'string' || !known.includes(part.kind),
  );
  if (junk)
    throw new TypeError(`its "plugins" has something without a name or a kind of [${known.join(', ')}]`);
  const exported = Object.values(module) as ({ part?: unknown } | null | undefined)[];
  const declares = exported.some((value) => value?.part);
  const declared = declares || listed.length === 0 ? pluginsOf(module, providerOf(specifier, from)) : [];
  requireSelectable(specifier, [...listed, ...declared]);
  return [...listed, ...declared];
}

async function loadEach(
  specifiers: readonly string[],
  from: string,
  expected: string,
): Promise<{ kind: string; name: string }[]> {
  const loaded = [];
  for (const specifier of specifiers) {
    try {
      loaded.push(...(await partsOf(specifier, from)));
    } catch (error) {
      throw new UsageError(`${expected}, got "${specifier}": ${reasonOf(error)}`);
    }
  }
  return loaded;
}

/** Parts of any kind that modules export. @throws UsageError when one cannot be used. */
export async function loadModules(
  specifiers: readonly string[],
  from = process.cwd(),
): Promise<readonly { readonly kind: string; readonly name: string }[]> {
  return loadEach(specifiers, from, 'plugins: expected a package or file with parts');
}

/**
 * The registry's parts of modules that third parties wrote.
 *
 * @param specifiers - Names of packages, or paths of files or of packages' folders.
 * @param from - The folder from which they are looked up.
 * @throws UsageError when one is not found, fails to load, or exports no parts.
 */
export async function loadPlugins(specifiers: readonly string[], from = process.cwd()): Promise<Plugin[]> {
  const loaded = await loadEach(specifiers, from, '--plugin: expected a package or file with plugins');
  return loaded.filter((part) => (coreKinds as readonly string[]).includes(part.kind)) as Plugin[];
}
