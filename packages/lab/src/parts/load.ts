import type { Plugin, Registry } from '@tfjs-sam/core/registry';
import { createDefaultRegistry } from 'tfjs-sam';
import { UsageError } from '../errors.js';
import { loadPlugins } from '../plugin-modules.js';
import { builtInParts } from './built-in.js';
import { labKinds } from './kinds.js';

const known = new Map<string, Promise<Registry>>();

/**
 * The registry of every part: built in, and of modules, once per process.
 *
 * @param plugins - Packages, or paths of files or folders.
 * @param asked - What named them, for messages.
 * @throws UsageError when one cannot be used.
 */
export function loadRegistry(plugins: readonly string[] = [], asked = 'plugins'): Promise<Registry> {
  const key = plugins.join('\n');
  const found = known.get(key);
  if (found) return found;
  const registry = load(plugins, asked);
  known.set(key, registry);
  // The next call may find them mended.
  registry.catch(() => known.delete(key));
  return registry;
}

async function load(plugins: readonly string[], asked: string): Promise<Registry> {
  const further = await loadPlugins(plugins, { asked });
  return registryOf(further, asked);
}

function registryOf(further: readonly Plugin[], asked: string): Registry {
  try {
    return createDefaultRegistry([...builtInParts, ...further], { kinds: labKinds });
  } catch (error) {
    throw new UsageError(`${asked}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
