/**
 * Monge SAM for the registry.
 *
 * @packageDocumentation
 */
import {
  definePlugin,
  driverOptions,
  mongeOptions,
  type Plugin,
  schedule,
  strategyOptions,
} from '@tfjs-sam/core/registry';
import { z } from 'zod';
import { msam } from './msam.js';

const msamOptions = z.strictObject({
  rho: schedule().default(0.05).describe('Radius in the Monge metric, or a schedule of it'),
  ...mongeOptions,
  ...strategyOptions,
  ...driverOptions,
});

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    msam: z.input<typeof msamOptions>;
  }
}

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  definePlugin({
    kind: 'variant',
    name: 'msam',
    package: '@tfjs-sam/msam',
    description:
      'SAM in the Monge metric of the loss surface (Jacobsen and Arvanitidis 2025, arXiv 2502.08448)',
    options: msamOptions,
    create: ({ base, ...options }) => msam(base, options),
  }),
];
