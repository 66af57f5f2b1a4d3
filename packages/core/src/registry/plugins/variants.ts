import { z } from 'zod';
import { ruleVariant, sharpnessAware } from '../../driver/sharpness-aware.js';
import { driverOptions, part, schedule, strategyOptions } from '../options.js';
import { definePlugin } from '../plugin.js';

const sharpnessAwareOptions = z.strictObject({
  rho: schedule().default(0.05).describe("Radius in the metric's norm, or a schedule of it"),
  ...strategyOptions,
  ...driverOptions,
});

const ruleOptions = z.strictObject({
  rule: part('rule').describe('What is asked of the oracle, and what is made of it'),
  ...driverOptions,
});

/** What a configuration may say of core's variants. */
export interface CoreVariantConfigs {
  'sharpness-aware': z.input<typeof sharpnessAwareOptions>;
  rule: z.input<typeof ruleOptions>;
}

/** Core's general variants: any composition of strategies, or any rule. */
export const variants = [
  definePlugin({
    kind: 'variant',
    name: 'sharpness-aware',
    package: '@tfjs-sam/core',
    description: 'Any composition of metric, objective, filter, combiner and ascent direction',
    options: sharpnessAwareOptions,
    create: ({ base, ...options }) => sharpnessAware(base, options),
  }),
  definePlugin({
    kind: 'variant',
    name: 'rule',
    package: '@tfjs-sam/core',
    description: 'A whole rule of its own, which no composition of strategies expresses',
    options: ruleOptions,
    create: ({ base, ...options }) => ruleVariant(base, options),
  }),
];
