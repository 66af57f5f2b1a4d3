/**
 * BiSAM and its ascent objectives for the registry.
 *
 * @packageDocumentation
 */
import { definePlugin, driverOptions, type Plugin, schedule, strategyOptions } from '@tfjs-sam/core/registry';
import { z } from 'zod';
import { bisam } from './bisam.js';
import { zeroOneLowerBound } from './lower-bound.js';

const source = '(Xie et al. 2024, arXiv 2407.12993)';
const { objective: _, ...strategies } = strategyOptions;

const mu = (value: number) =>
  z.number().gt(0).default(value).describe('Sharpness of the soft maximum over the classes');
const compat = z
  .literal('published-code')
  .optional()
  .describe("Leaves out the factor 1/mu, as the authors' code does. Default: the paper's form");
const tanhOptions = z.strictObject({
  mu: mu(10),
  alpha: z.number().gt(0).default(0.1).describe('Slope of tanh(alpha t) at 0, per logit'),
  compat,
});
const logOptions = z.strictObject({ mu: mu(1), compat });

const bisamOptions = z.strictObject({
  rho: schedule().default(0.1).describe("Radius in the metric's norm, or a schedule of it"),
  lowerBound: z
    .discriminatedUnion('kind', [
      tanhOptions.extend({ kind: z.literal('tanh') }),
      logOptions.extend({ kind: z.literal('log') }),
    ])
    .default({ kind: 'tanh', mu: 10, alpha: 0.1 })
    .describe(
      'Bound of the 0-1 loss for losses that are given none: tanh(alpha t), or 1 - log(1 + exp(gamma - t))',
    ),
  ...strategies,
  ...driverOptions,
});

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    bisam: z.input<typeof bisamOptions>;
  }
  interface ObjectiveConfigs {
    'zero-one-tanh': z.input<typeof tanhOptions>;
    'zero-one-log': z.input<typeof logOptions>;
  }
}

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  definePlugin({
    kind: 'variant',
    name: 'bisam',
    package: '@tfjs-sam/bisam',
    description: `Bilevel SAM: climbs a lower bound of the 0-1 loss, descends the cross entropy ${source}`,
    options: bisamOptions,
    create: ({ base, ...options }) => bisam(base, options),
  }),
  definePlugin({
    kind: 'objective',
    name: 'zero-one-tanh',
    package: '@tfjs-sam/bisam',
    description: `BiSAM's bounded lower bound of the 0-1 loss ${source}`,
    options: tanhOptions,
    create: (options) => (labels, logits) => zeroOneLowerBound(labels, logits, { kind: 'tanh', ...options }),
  }),
  definePlugin({
    kind: 'objective',
    name: 'zero-one-log',
    package: '@tfjs-sam/bisam',
    description: `BiSAM's logarithmic lower bound of the 0-1 loss ${source}`,
    options: logOptions,
    create: (options) => (labels, logits) => zeroOneLowerBound(labels, logits, { kind: 'log', ...options }),
  }),
];
