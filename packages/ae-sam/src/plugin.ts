/**
 * AE-SAM, randomised and periodic SAM for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { aeSam, periodicSam, rstSam } from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [aeSam, rstSam, periodicSam].map(({ part }) =>
  pluginOf(part, '@tfjs-sam/ae-sam'),
);
