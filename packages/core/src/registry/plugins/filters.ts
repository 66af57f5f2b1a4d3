import { z } from 'zod';
import { chainFilters } from '../../rules/filters/chain.js';
import type { PartConfigs } from '../kinds.js';
import { part } from '../options.js';
import { definePlugin, type Plugin } from '../plugin.js';

const chain = z.strictObject({
  filters: z.array(part('filter')).default([]).describe('Filters, in the order in which they apply'),
});

/** The options of a chain. Written out: a configuration that holds others of its kind needs an interface with a name. */
interface ChainConfig {
  readonly filters?: readonly PartConfigs['filter'][] | undefined;
}

/** What a configuration may say of core's filters. */
export interface CoreFilterConfigs {
  chain: ChainConfig;
}

/** Core's filters as plugins. */
export const filters: readonly Plugin[] = [
  definePlugin({
    kind: 'filter',
    name: 'chain',
    package: '@tfjs-sam/core',
    description: 'Filters one after the other: of masks, the coordinates that all of them let move',
    options: chain,
    create: (given) => chainFilters(...given.filters),
  }),
];
