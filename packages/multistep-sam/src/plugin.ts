/**
 * Multi-step SAM for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { lookbehindSam, multistepSam } from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [lookbehindSam, multistepSam].map(({ part }) =>
  pluginOf(part, '@tfjs-sam/multistep-sam'),
);
