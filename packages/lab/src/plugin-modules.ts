import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Plugin, pluginsOf } from '@tfjs-sam/core/registry';
import { resolve } from 'import-meta-resolve';
import * as z from 'zod';
import { UsageError } from './errors.js';

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

/** An error of somebody else's code, in words: it may be anything, and its message a getter. */
function reasonOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message.split('\n')[0]! : String(error);
  } catch {
    return 'it threw something that cannot be shown';
  }
}

/** A name that options and lists of names can hold: without commas, blanks and controls. */
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

async function partsOf(specifier: string, from: string): Promise<readonly Plugin[]> {
  const parts = pluginsOf(await importWithin(addressOf(specifier, from)), providerOf(specifier, from));
  requireSelectable(specifier, parts);
  return parts;
}

/**
 * The parts of modules: of third parties, and of this project's own packages.
 *
 * @param specifiers - Names of packages, or paths of files or of packages' folders.
 * @param options - `from`: the folder from which they are looked up, the working directory by default. `asked`: what
 *   named them, for messages.
 * @throws UsageError when one is not found, fails to load, or exports no parts.
 */
export async function loadPlugins(
  specifiers: readonly string[],
  { from = process.cwd(), asked = '--plugin' }: { readonly from?: string; readonly asked?: string } = {},
): Promise<Plugin[]> {
  const loaded = [];
  for (const specifier of specifiers) {
    try {
      loaded.push(...(await partsOf(specifier, from)));
    } catch (error) {
      throw new UsageError(
        `${asked}: expected a package or file with parts, got "${specifier}": ${reasonOf(error)}`,
      );
    }
  }
  return loaded;
}
