import type { Plugin } from '../plugin.js';
import { baseOptimizers } from './base-optimizers.js';
import { filters } from './filters.js';
import { metrics } from './metrics.js';
import { schedules } from './schedules.js';
import { variants } from './variants.js';

/** What core itself provides: metrics, filters, schedules, base optimizers and the general variant. */
export const corePlugins: readonly Plugin[] = [
  ...variants,
  ...metrics,
  ...filters,
  ...baseOptimizers,
  ...schedules,
];
