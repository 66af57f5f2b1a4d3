/**
 * Stable SAM, unnormalised SAM and their parts for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { originalLength, stableSam, stableUsam, unnormalisedAscent, usam } from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  stableSam,
  usam,
  stableUsam,
  originalLength,
  unnormalisedAscent,
].map(({ part }) => pluginOf(part, '@tfjs-sam/stable-sam'));
