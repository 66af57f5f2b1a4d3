/**
 * Bilateral SAM and its combiner for the registry.
 *
 * @packageDocumentation
 */
import { definePlugin, driverOptions, type Plugin, schedule, strategyOptions } from '@tfjs-sam/core/registry';
import { z } from 'zod';
import { bilateralSam } from './bilateral-sam.js';
import { minSharpness } from './min-sharpness.js';

const source = '(Deng et al. 2024, arXiv 2409.13173)';
const { combine: _, ...strategies } = strategyOptions;
const rhoMin = schedule()
  .default(0.05)
  .describe('Radius of the descent to the lowest point, in weight units, or a schedule of it');

const bilateralOptions = z.strictObject({
  rhoMax: schedule().default(0.05).describe("Radius of the ascent in the metric's norm, or a schedule of it"),
  rhoMin,
  ...strategies,
  ...driverOptions,
});

const sharpnessOptions = z.strictObject({ rho: rhoMin });

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'bilateral-sam': z.input<typeof bilateralOptions>;
  }
  interface CombinerConfigs {
    'min-sharpness': z.input<typeof sharpnessOptions>;
  }
}

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  definePlugin({
    kind: 'variant',
    name: 'bilateral-sam',
    package: '@tfjs-sam/bilateral-sam',
    description: `Flat in both directions, by the highest and the lowest loss nearby ${source}`,
    options: bilateralOptions,
    create: ({ base, ...options }) => bilateralSam(base, options),
  }),
  definePlugin({
    kind: 'combiner',
    name: 'min-sharpness',
    package: '@tfjs-sam/bilateral-sam',
    description: `Adds the min-sharpness to what is descended ${source}`,
    options: sharpnessOptions,
    create: minSharpness,
  }),
];
