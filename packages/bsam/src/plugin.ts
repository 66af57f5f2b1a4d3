/**
 * bSAM for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { bsam } from './bsam.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [bsam].map(({ part }) => pluginOf(part, '@tfjs-sam/bsam'));
