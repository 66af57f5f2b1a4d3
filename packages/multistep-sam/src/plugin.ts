/**
 * Multi-step SAM for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { multistepSam } from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [multistepSam].map(({ part }) =>
  pluginOf(part, '@tfjs-sam/multistep-sam'),
);
