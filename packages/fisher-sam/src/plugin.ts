/**
 * Fisher SAM for the registry.
 *
 * @packageDocumentation
 */
import { definePlugin, driverOptions, type Plugin, schedule, strategyOptions } from '@tfjs-sam/core/registry';
import { z } from 'zod';
import { fisherSam } from './fisher-sam.js';

const options = z.strictObject({
  rho: schedule().default(0.1).describe('Radius in the Fisher metric, or a schedule of it'),
  eta: z.number().min(0).default(1).describe('Weight of the Fisher information against the identity'),
  decay: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe('Decay of a moving average of the Fisher information. Default: none'),
  ...strategyOptions,
  ...driverOptions,
});

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'fisher-sam': z.input<typeof options>;
  }
}

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  definePlugin({
    kind: 'variant',
    name: 'fisher-sam',
    package: '@tfjs-sam/fisher-sam',
    description:
      'SAM in a ball measured by the diagonal Fisher information (Kim et al. 2022, arXiv 2206.04920)',
    options,
    create: ({ base, ...given }) => fisherSam(base, given),
  }),
];
