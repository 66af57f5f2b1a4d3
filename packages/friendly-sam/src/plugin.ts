/**
 * Friendly SAM and its direction of ascent for the registry.
 *
 * @packageDocumentation
 */
import { definePlugin, driverOptions, type Plugin, schedule, strategyOptions } from '@tfjs-sam/core/registry';
import { z } from 'zod';
import { batchNoise } from './batch-noise.js';
import { friendlySam } from './friendly-sam.js';

const source = '(Li et al. 2024, arXiv 2403.12350)';
const noise = {
  sigma: z.number().min(0).default(1).describe('Share of the average gradient that is taken away'),
  lambda: z.number().min(0).lt(1).default(0.9).describe('Share of the old average in the new one'),
};

const noiseOptions = z.strictObject(noise);

const friendlyOptions = z.strictObject({
  rho: schedule().default(0.05).describe("Radius in the metric's norm, or a schedule of it"),
  ...noise,
  ...strategyOptions,
  ...driverOptions,
});

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'friendly-sam': z.input<typeof friendlyOptions>;
  }
  interface AscentConfigs {
    'batch-noise': z.input<typeof noiseOptions>;
  }
}

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  definePlugin({
    kind: 'variant',
    name: 'friendly-sam',
    package: '@tfjs-sam/friendly-sam',
    description: `Perturbs along the noise of the batch gradient ${source}`,
    options: friendlyOptions,
    create: ({ base, ...given }) => friendlySam(base, given),
  }),
  definePlugin({
    kind: 'ascent',
    name: 'batch-noise',
    package: '@tfjs-sam/friendly-sam',
    description: `The batch gradient without its moving average ${source}`,
    options: noiseOptions,
    create: batchNoise,
  }),
];
