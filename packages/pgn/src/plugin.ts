/**
 * PGN, SAGM, CR-SAM, GAM and their combiners for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { crSam, curvatureRegularisation, gam, gradientMix, pgn, sagm } from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [pgn, sagm, crSam, gam, gradientMix, curvatureRegularisation].map(
  ({ part }) => pluginOf(part, '@tfjs-sam/pgn'),
);
