import type { z } from 'zod';
import { type CatalogKind, createFromConfig } from '../../declare/config.js';
import type { PartTypes } from '../kinds.js';
import { definePlugin, type Plugin } from '../plugin.js';

/** A plugin of core's own that is made by the very factory that a loaded model uses. */
export function fromCatalog<K extends CatalogKind>(
  kind: K,
  name: string,
  description: string,
  options: z.ZodObject,
): Plugin<K> {
  return definePlugin({
    kind,
    name,
    package: '@tfjs-sam/core',
    description,
    options,
    create: (given) => createFromConfig(kind, { ...given, name }) as PartTypes[K],
  });
}
