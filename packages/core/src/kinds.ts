// biome-ignore-all lint/suspicious/noEmptyInterface: packages fill them by declaration merging

import type * as tf from '@tensorflow/tfjs-core';
import type { Named } from './declare/kinds.js';
import type { SharpnessAwareOptimizer } from './driver/optimizer.js';
import type { AscentDirection, AscentStep, GradientCombiner, PerturbationFilter } from './rules/compose.js';
import type { PerturbationMetric } from './rules/metric.js';
import type { SharpnessRule } from './rules/rule.js';

/** Options of the variants, by name. Packages widen it by declaration merging, as the interfaces below. */
export interface VariantConfigs {}
/** Options of the metrics (and of the ascent steps that replace one), by name. */
export interface MetricConfigs {}
/** Options of the ascent losses, by name. */
export interface ObjectiveConfigs {}
/** Options of the filters, by name. */
export interface FilterConfigs {}
/** Options of the combiners, by name. */
export interface CombinerConfigs {}
/** Options of the ascent directions, by name. */
export interface AscentConfigs {}
/** Options of the whole rules, by name. */
export interface RuleConfigs {}
/** Options of the base optimizers, by name. */
export interface BaseOptimizerConfigs {}

/** A loss to climb, of labels (one-hot, `[batch, classes]`) and logits: Scalar. */
export type AscentObjective = (labels: tf.Tensor, logits: tf.Tensor) => tf.Scalar;

/** A whole optimizer in plain JSON: `{ variant, …options, base: { name, …options } }`. */
export type OptimizerConfig = {
  [Name in keyof VariantConfigs]: { readonly variant: Name } & VariantConfigs[Name];
}[keyof VariantConfigs];

/** Any optimizer in a configuration: a base optimizer, or a whole sharpness-aware one. */
export type AnyOptimizerConfig = Named<BaseOptimizerConfigs> | OptimizerConfig;

declare module './declare/kinds.js' {
  interface Kinds {
    /** A whole optimizer. */
    variant: { part: SharpnessAwareOptimizer; config: OptimizerConfig };
    /** The measure of the neighbourhood, or a whole ascent step. */
    metric: { part: PerturbationMetric | AscentStep; config: Named<MetricConfigs> };
    /** A loss to climb. */
    objective: { part: AscentObjective; config: Named<ObjectiveConfigs> };
    /** The coordinates that move. */
    filter: { part: PerturbationFilter; config: Named<FilterConfigs> };
    /** The direction that is descended. */
    combiner: { part: GradientCombiner; config: Named<CombinerConfigs> };
    /** The direction that is climbed along. */
    ascent: { part: AscentDirection; config: Named<AscentConfigs> };
    /** Asks the oracle, and makes a direction of its answers. */
    rule: { part: SharpnessRule; config: Named<RuleConfigs> };
    /** The optimizer that consumes the direction. */
    'base-optimizer': { part: tf.Optimizer; config: Named<BaseOptimizerConfigs> };
  }
}
