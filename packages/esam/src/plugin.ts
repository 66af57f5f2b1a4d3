/**
 * ESAM, K-SAM, RW-SAM and Focal-SAM for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { esam, focalSam, kSam, rwSam } from './index.js';

/** The plugins of this package: Functional SAM needs a function, which no configuration holds. */
export const plugins: readonly Plugin[] = [esam, kSam, rwSam, focalSam].map(({ part }) =>
  pluginOf(part, '@tfjs-sam/esam'),
);
