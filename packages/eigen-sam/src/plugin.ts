/**
 * Eigen-SAM and X-SAM for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { eigenSam, explicitSam } from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [eigenSam, explicitSam].map(({ part }) =>
  pluginOf(part, '@tfjs-sam/eigen-sam'),
);
