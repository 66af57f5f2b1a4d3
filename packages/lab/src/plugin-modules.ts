import { readFileSync, statSync } from 'node:fs';
import { join, resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Plugin, pluginsOf } from '@tfjs-sam/core/registry';
import { resolve } from 'import-meta-resolve';
import { z } from 'zod';
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

/** Parts of any kind that modules export as `plugins`. @throws UsageError when one cannot be used. */
export async function loadModules(
  specifiers: readonly string[],
  from = process.cwd(),
): Promise<readonly { readonly kind: string; readonly name: string }[]> {
  const loaded = [];
  for (const specifier of specifiers) {
    try {
      const module = (await importWithin(addressOf(specifier, from))) as { plugins?: unknown };
      if (!Array.isArray(module.plugins))
        throw new TypeError('there is no export "plugins", an array of parts');
      const junk: unknown = module.plugins.find(
        (part: { name?: unknown } | null) => typeof part?.name !== 'string',
      );
      if (junk !== undefined) throw new TypeError('its "plugins" has a part without a name');
      requireSelectable(specifier, module.plugins);
      loaded.push(...module.plugins);
    } catch (error) {
      throw new UsageError(
        `plugins: expected a package or file with parts, got "${specifier}": ${reasonOf(error)}`,
      );
    }
  }
  return loaded;
}

/**
 * The plugins of modules that third parties wrote.
 *
 * @param specifiers - Names of packages, or paths of files or of packages' folders.
 * @param from - The folder from which they are looked up.
 * @throws UsageError when one is not found, fails to load, or exports no plugins.
 */
export async function loadPlugins(specifiers: readonly string[], from = process.cwd()): Promise<Plugin[]> {
  const loaded: Plugin[] = [];
  for (const specifier of specifiers) {
    try {
      const plugins = pluginsOf(await importWithin(addressOf(specifier, from)), specifier);
      requireSelectable(specifier, plugins);
      loaded.push(...plugins);
    } catch (error) {
      throw new UsageError(
        `--plugin: expected a package or file with plugins, got "${specifier}": ${reasonOf(error)}`,
      );
    }
  }
  return loaded;
}
