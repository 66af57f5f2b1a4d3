import type { Plugin } from '@tfjs-sam/core/registry';
import { createDefaultRegistry } from 'tfjs-sam';
import { loadModules } from '../plugin-modules.js';
import type { Parts } from '../trial/run-trial.js';
import { builtInParts } from './built-in.js';
import { PartCatalog } from './catalog.js';
import { type LabPart, labKinds } from './part.js';

const isLabPart = (part: { readonly kind: string }): boolean =>
  (labKinds as readonly string[]).includes(part.kind);

const known = new Map<string, Promise<Parts>>();

/**
 * Every part: built in, and of modules, once per process.
 *
 * @param plugins - Packages, or absolute paths of files.
 * @throws UsageError when one cannot be used.
 */
export function loadParts(plugins: readonly string[] = []): Promise<Parts> {
  const key = plugins.join('\n');
  const found = known.get(key);
  if (found) return found;
  const parts = load(plugins);
  known.set(key, parts);
  return parts;
}

async function load(plugins: readonly string[]): Promise<Parts> {
  const given = await loadModules(plugins);
  return {
    registry: createDefaultRegistry(given.filter((part) => !isLabPart(part)) as unknown as Plugin[]),
    catalog: new PartCatalog([...builtInParts, ...(given.filter(isLabPart) as unknown as LabPart[])]),
  };
}
