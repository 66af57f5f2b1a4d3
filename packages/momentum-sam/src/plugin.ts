/**
 * Momentum-SAM and AsyncSAM for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { asyncSam, momentumSam } from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [momentumSam, asyncSam].map(({ part }) =>
  pluginOf(part, '@tfjs-sam/momentum-sam'),
);
