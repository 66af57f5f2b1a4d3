/**
 * WSAM for the registry.
 *
 * @packageDocumentation
 */
import { definePlugin, driverOptions, type Plugin, schedule, strategyOptions } from '@tfjs-sam/core/registry';
import { z } from 'zod';
import { wsam } from './wsam.js';

const { metric, filter, ascent } = strategyOptions;

const options = z.strictObject({
  rho: schedule().default(0.05).describe("Radius in the metric's norm, or a schedule of it"),
  gamma: z.number().min(0).lt(1).default(0.9).describe('Weight of the sharpness, dimensionless; 0.5 is SAM'),
  decouple: z
    .boolean()
    .default(true)
    .describe("Whether the sharpness bypasses the base optimizer's momentum and scaling"),
  metric,
  filter,
  ascent,
  ...driverOptions,
});

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    wsam: z.input<typeof options>;
  }
}

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  definePlugin({
    kind: 'variant',
    name: 'wsam',
    package: '@tfjs-sam/wsam',
    description: 'Weighted sharpness as a regularisation term (Yue et al. 2023, arXiv 2305.15817)',
    options,
    create: ({ base, ...given }) => wsam(base, given),
  }),
];
