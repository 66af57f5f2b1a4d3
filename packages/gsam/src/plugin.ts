/**
 * GSAM, its combiner and its schedule of ρ for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { gsam } from './gsam.js';
import { rhoFromLearningRate } from './rho-from-learning-rate.js';
import { surrogateGap } from './surrogate-gap.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [gsam, surrogateGap, rhoFromLearningRate].map(({ part }) =>
  pluginOf(part, '@tfjs-sam/gsam'),
);
