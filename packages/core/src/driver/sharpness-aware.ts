import type * as tf from '@tensorflow/tfjs-core';
import { part } from '../declare/option.js';
import { type Declaring, declared } from '../declare/part.js';
import { compose, composeOptions, type Strategies } from '../rules/compose.js';
import type { SharpnessRule } from '../rules/rule.js';
import { SharpnessAwareOptimizer } from './optimizer.js';
import type { DriverOptions } from './options.js';
import { defineVariant, type VariantConfig } from './variant.js';

const ruleOptions = {
  rule: part('rule', { doc: 'The questions to the oracle, and the direction made of its answers' }),
};

declare module '../kinds.js' {
  interface VariantConfigs {
    'sharpness-aware': VariantConfig<typeof composeOptions>;
    rule: VariantConfig<typeof ruleOptions>;
  }
}

/**
 * A two-pass method from its parts: radius, metric, objective, ascent direction, filter and combiner. Every part left out
 * is plain SAM's.
 *
 *   δ = filter(ρ G⁻¹d / √⟨d, G⁻¹d⟩),  d = ascent(∇L(θ));   direction = combine(∇L(θ), ∇L(θ + δ))
 *
 * Cost: one extra gradient, and what the parts ask for.
 */
const composed = defineVariant({
  name: 'sharpness-aware',
  doc: 'Any composition of metric, objective, filter, combiner and ascent direction',
  use: 'For a combination of parts that has no name of its own',
  gradients: 2,
  options: composeOptions,
  rule: compose,
});

/** A variant that is nothing but a rule of its own: what `{ "variant": "rule", "rule": { "name": … } }` names. */
export const ruleVariant = defineVariant({
  name: 'rule',
  doc: 'A whole rule of its own, which no composition of strategies expresses',
  use: 'For a method of your own that no combination of parts expresses',
  options: ruleOptions,
  rule: ({ rule }) => rule,
});

/**
 * Makes any base optimizer sharpness-aware, by a rule or by the parts of one.
 *
 * @param base - Any `tf.Optimizer`: `tf.train.momentum(0.05, 0.9)`, `adamw({ … })`.
 * @param rule - A rule, or strategies for `compose` (with driver options among them).
 * @throws TypeError or RangeError when a part is not of its kind or a number out of its range.
 * @example sharpnessAware(tf.train.adam(1e-3), { rho: cosineDecay(0.1, 0.02, 5_000), metric: mongeMetric() })
 */
export const sharpnessAware: ((
  base: tf.Optimizer,
  rule?: SharpnessRule | (Strategies & DriverOptions),
  options?: DriverOptions,
) => SharpnessAwareOptimizer) &
  Declaring<'variant'> = declared(
  composed.part,
  (
    base: tf.Optimizer,
    rule: SharpnessRule | (Strategies & DriverOptions) = {},
    options: DriverOptions = {},
  ) =>
    'direction' in rule
      ? new SharpnessAwareOptimizer(base, rule, options, { name: rule.name })
      : composed(base, { ...rule, ...options }),
);
