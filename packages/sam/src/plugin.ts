/**
 * SAM and ASAM for the registry.
 *
 * @packageDocumentation
 */
import { definePlugin, driverOptions, type Plugin, schedule, strategyOptions } from '@tfjs-sam/core/registry';
import { z } from 'zod';
import { asam } from './asam.js';
import { sam } from './sam.js';

const samOptions = z.strictObject({
  rho: schedule().default(0.05).describe("Radius in the metric's norm, or a schedule of it"),
  ...strategyOptions,
  ...driverOptions,
});

const asamOptions = samOptions.omit({ metric: true }).extend({
  rho: schedule()
    .default(0.5)
    .describe('Radius in the elementwise metric, dimensionless, or a schedule of it'),
  eta: z
    .number()
    .min(0)
    .default(0.01)
    .describe('Added to |θ|, in weight units. 0 is the widely used |θ| form'),
});

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    sam: z.input<typeof samOptions>;
    asam: z.input<typeof asamOptions>;
  }
}

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  definePlugin({
    kind: 'variant',
    name: 'sam',
    package: '@tfjs-sam/sam',
    description: 'Sharpness-aware minimization (Foret et al. 2021, arXiv 2010.01412)',
    options: samOptions,
    create: ({ base, ...options }) => sam(base, options),
  }),
  definePlugin({
    kind: 'variant',
    name: 'asam',
    package: '@tfjs-sam/sam',
    description: 'Adaptive SAM: a ball that stretches with the weights (Kwon et al. 2021, arXiv 2102.11600)',
    options: asamOptions,
    create: ({ base, ...options }) => asam(base, options),
  }),
];
