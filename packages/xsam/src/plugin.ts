/**
 * XSAM for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { xsam } from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [xsam].map(({ part }) => pluginOf(part, '@tfjs-sam/xsam'));
