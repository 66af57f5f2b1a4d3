/**
 * LookSAM for the registry.
 *
 * @packageDocumentation
 */
import { definePlugin, driverOptions, type Plugin, schedule, strategyOptions } from '@tfjs-sam/core/registry';
import { z } from 'zod';
import { lookSam } from './look-sam.js';

const { metric, filter, ascent } = strategyOptions;

const options = z.strictObject({
  rho: schedule().default(0.05).describe("Radius in the metric's norm, or a schedule of it"),
  k: z.int().min(1).default(5).describe('Steps from one full SAM step to the next'),
  alpha: z.number().min(0).default(0.7).describe('Length of the reused direction in lengths of the gradient'),
  perVariable: z
    .boolean()
    .default(false)
    .describe('Whether each variable has a projection and lengths of its own'),
  metric,
  filter,
  ascent,
  ...driverOptions,
});

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'look-sam': z.input<typeof options>;
  }
}

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  definePlugin({
    kind: 'variant',
    name: 'look-sam',
    package: '@tfjs-sam/look-sam',
    description: 'A SAM step every k steps, reused in those between (Liu et al. 2022, arXiv 2203.02714)',
    options,
    create: ({ base, ...given }) => lookSam(base, given),
  }),
];
