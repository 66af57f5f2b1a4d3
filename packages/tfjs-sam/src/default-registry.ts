import {
  corePlugins,
  createRegistry,
  type Kind,
  type Plugin,
  pluginsOf,
  type Registry,
} from '@tfjs-sam/core/registry';
import { packages } from './plugins.js';

/** The parts of every package of the project. */
export function defaultPlugins(): Plugin[] {
  const own = Object.entries(packages).flatMap(([name, module]) => pluginsOf(module, name));
  return [...corePlugins, ...own];
}

/**
 * The registry of everything that the project offers, and of what third parties add.
 *
 * @param plugins - Further plugins, `pluginsOf(await import('their-package'), 'their-package')` for instance.
 * @param options - `kinds`: further kinds that plugins may be of.
 * @throws TypeError when a plugin is malformed; Error when two have one kind and name, naming both packages.
 * @example createDefaultRegistry().create({ variant: 'msam', rho: 0.05, base: { name: 'momentum', learningRate: 0.05 } })
 */
export function createDefaultRegistry(
  plugins: readonly Plugin[] = [],
  options?: { readonly kinds?: readonly Kind[] },
): Registry {
  return createRegistry([...defaultPlugins(), ...plugins], options);
}
