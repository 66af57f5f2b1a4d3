/**
 * SAMPa for the registry.
 *
 * @packageDocumentation
 */
import { definePlugin, driverOptions, type Plugin, schedule, strategyOptions } from '@tfjs-sam/core/registry';
import { z } from 'zod';
import { sampa } from './sampa.js';

const { metric, filter, ascent } = strategyOptions;

const options = z.strictObject({
  rho: schedule().default(0.1).describe("Radius in the metric's norm, or a schedule of it"),
  lambda: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('Share of the auxiliary gradient in the direction, dimensionless'),
  metric,
  filter,
  ascent,
  ...driverOptions,
});

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    sampa: z.input<typeof options>;
  }
}

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  definePlugin({
    kind: 'variant',
    name: 'sampa',
    package: '@tfjs-sam/sampa',
    description: 'SAM whose two gradients do not wait for one another (Xie et al. 2024, arXiv 2410.10683)',
    options,
    create: ({ base, ...given }) => sampa(base, given),
  }),
];
