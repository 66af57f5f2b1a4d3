/**
 * Hessian SAM for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { hessianSam } from './hessian-sam.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [hessianSam].map(({ part }) =>
  pluginOf(part, '@tfjs-sam/hessian-sam'),
);
