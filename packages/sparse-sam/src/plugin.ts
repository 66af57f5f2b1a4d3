/**
 * Sparse SAM and its masks for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { dynamicMask } from './dynamic-mask.js';
import { fisherMask } from './fisher-mask.js';
import { nmMask } from './nm-mask.js';
import { sparseSam } from './sparse-sam.js';
import { structuredMask } from './structured-mask.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [sparseSam, fisherMask, dynamicMask, structuredMask, nmMask].map(
  ({ part }) => pluginOf(part, '@tfjs-sam/sparse-sam'),
);
