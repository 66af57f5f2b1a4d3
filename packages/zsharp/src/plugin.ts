/**
 * ZSharp, GCSAM, polar and preconditioned SAM and their ascents for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import {
  centredAscent,
  gcSam,
  polarAscent,
  polarSam,
  preconditioned,
  preconditionedSam,
  zScore,
  zsharp,
} from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  zsharp,
  gcSam,
  polarSam,
  preconditionedSam,
  zScore,
  centredAscent,
  polarAscent,
  preconditioned,
].map(({ part }) => pluginOf(part, '@tfjs-sam/zsharp'));
