/**
 * VaSSO and its ascent direction for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { smoothedGradient, vasso } from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [vasso, smoothedGradient].map(({ part }) =>
  pluginOf(part, '@tfjs-sam/vasso'),
);
