/**
 * Random perturbations for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { lpfSgd, mRwp, rSam, rwp, tsam } from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [rwp, mRwp, lpfSgd, rSam, tsam].map(({ part }) =>
  pluginOf(part, '@tfjs-sam/rwp'),
);
