/**
 * LE-SAM, LightSAM, SAM-Polyak and their parts for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { leSam, lightSam, lossBudget, samPolyak } from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [leSam, lightSam, samPolyak, lossBudget].map(({ part }) =>
  pluginOf(part, '@tfjs-sam/adaptive-radius'),
);
