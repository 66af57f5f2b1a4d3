import type * as tf from '@tensorflow/tfjs-core';
import { registerFactory, toConfig } from '../declare/config.js';
import { compose, type Strategies } from '../rules/compose.js';
import type { SharpnessRule } from '../rules/rule.js';
import { SharpnessAwareOptimizer } from './optimizer.js';
import { type DriverOptions, driverOptions } from './options.js';

/**
 * Makes any base optimizer sharpness-aware, by a rule or by the parts of one.
 *
 * @param base - Any `tf.Optimizer`: `tf.train.momentum(0.05, 0.9)`, `adamw({ … })`.
 * @param rule - A rule, or strategies for `compose` (with driver options among them).
 * @throws TypeError or RangeError when a part is not of its kind or a number out of its range.
 * @example sharpnessAware(tf.train.adam(1e-3), { rho: cosineDecay(0.1, 0.02, 5_000), metric: mongeMetric() })
 */
export function sharpnessAware(
  base: tf.Optimizer,
  rule: SharpnessRule | (Strategies & DriverOptions) = {},
  options: DriverOptions = {},
): SharpnessAwareOptimizer {
  if ('direction' in rule) return new SharpnessAwareOptimizer(base, rule, options, { name: rule.name });
  return createVariant('sharpness-aware', base, { ...rule, ...options }, compose);
}

/**
 * The body of every variant's factory: builds the rule from the options, joins it to the base optimizer and
 * remembers the options for `getConfig`.
 *
 * @param name - The variant's name in configurations and messages.
 * @param rule - Makes the rule from the options, and checks them.
 */
export function createVariant<O extends DriverOptions>(
  name: string,
  base: tf.Optimizer,
  options: O,
  rule: (options: O) => SharpnessRule,
): SharpnessAwareOptimizer {
  // Listeners belong to a run, not to the configuration.
  const { onStep: _, ...own } = options;
  const driver = Object.fromEntries(
    Object.entries(options).filter(([key]) => Object.hasOwn(driverOptions, key)),
  );
  const rest = Object.fromEntries(
    Object.entries(options).filter(([key]) => !Object.hasOwn(driverOptions, key)),
  );
  return new SharpnessAwareOptimizer(base, rule(rest as O), driver, { ...toConfig(own), name });
}

/** A variant that is nothing but a rule of its own: what `{ "variant": "rule", "rule": { "name": … } }` names. */
export function ruleVariant(
  base: tf.Optimizer,
  options: DriverOptions & { readonly rule: SharpnessRule },
): SharpnessAwareOptimizer {
  return createVariant('rule', base, options, ({ rule }) => rule);
}

/** Makes a variant known by name to `SharpnessAwareOptimizer.fromConfig`. Each variant package calls it once. */
export function registerVariant<O>(
  name: string,
  create: (base: tf.Optimizer, options: O) => SharpnessAwareOptimizer,
): void {
  registerFactory('variant', name, ({ base, ...options }) => create(base as tf.Optimizer, options as O));
}

registerVariant<Strategies & DriverOptions>('sharpness-aware', sharpnessAware);
registerVariant('rule', ruleVariant);
