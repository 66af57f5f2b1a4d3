// biome-ignore-all lint/suspicious/noEmptyInterface: plugins fill them by declaration merging

import type * as tf from '@tensorflow/tfjs-core';
import type { Schedule } from '../declare/schedules.js';
import type { SharpnessAwareOptimizer } from '../driver/optimizer.js';
import type { AscentDirection, AscentStep, GradientCombiner, PerturbationFilter } from '../rules/compose.js';
import type { PerturbationMetric } from '../rules/metric.js';
import type { SharpnessRule } from '../rules/rule.js';
import type { CoreBaseOptimizerConfigs } from './plugins/base-optimizers.js';
import type { CoreFilterConfigs } from './plugins/filters.js';
import type { CoreMetricConfigs } from './plugins/metrics.js';
import type { CoreScheduleConfigs } from './plugins/schedules.js';
import type { CoreVariantConfigs } from './plugins/variants.js';

/** Options of the variants, by name. Plugins widen it by declaration merging, as the interfaces below. */
export interface VariantConfigs extends CoreVariantConfigs {}
/** Options of the metrics (and of the ascent steps that replace one), by name. */
export interface MetricConfigs extends CoreMetricConfigs {}
/** Options of the ascent losses, by name. */
export interface ObjectiveConfigs {}
/** Options of the filters, by name. */
export interface FilterConfigs extends CoreFilterConfigs {}
/** Options of the combiners, by name. */
export interface CombinerConfigs {}
/** Options of the ascent directions, by name. */
export interface AscentConfigs {}
/** Options of the whole rules, by name. */
export interface RuleConfigs {}
/** Options of the base optimizers, by name. */
export interface BaseOptimizerConfigs extends CoreBaseOptimizerConfigs {}
/** Options of the schedules, by name. */
export interface ScheduleConfigs extends CoreScheduleConfigs {}

/** A loss to climb, of labels (one-hot, `[batch, classes]`) and logits: Scalar. */
export type AscentObjective = (labels: tf.Tensor, logits: tf.Tensor) => tf.Scalar;

/** What a plugin of each kind makes. */
export interface PartTypes {
  variant: SharpnessAwareOptimizer;
  metric: PerturbationMetric | AscentStep;
  objective: AscentObjective;
  filter: PerturbationFilter;
  combiner: GradientCombiner;
  ascent: AscentDirection;
  rule: SharpnessRule;
  'base-optimizer': tf.Optimizer;
  schedule: Schedule;
}

/** The kinds of plugins. */
export type Kind = keyof PartTypes;

/** The kinds, in the order in which `describe` looks a name up. */
export const kinds = [
  'variant',
  'metric',
  'objective',
  'filter',
  'combiner',
  'ascent',
  'rule',
  'base-optimizer',
  'schedule',
] as const satisfies readonly Kind[];

/** An empty strict object has a string index of `never`, which would forbid the name beside it. */
type Fields<Options> = string extends keyof Options ? unknown : Options;
type Named<Configs> = {
  [Name in keyof Configs]: { readonly name: Name } & Fields<Configs[Name]>;
}[keyof Configs];

/** A whole optimizer in plain JSON: `{ variant, …options, base: { name, …options } }`. */
export type OptimizerConfig = {
  [Name in keyof VariantConfigs]: { readonly variant: Name } & Fields<VariantConfigs[Name]>;
}[keyof VariantConfigs];

/** What a configuration may say where a part of each kind belongs. */
export interface PartConfigs {
  variant: OptimizerConfig;
  metric: Named<MetricConfigs>;
  objective: Named<ObjectiveConfigs>;
  filter: Named<FilterConfigs>;
  combiner: Named<CombinerConfigs>;
  ascent: Named<AscentConfigs>;
  rule: Named<RuleConfigs>;
  'base-optimizer': Named<BaseOptimizerConfigs>;
  /** A number is a schedule that never changes. */
  schedule: number | Named<ScheduleConfigs>;
}

/** What a configuration may say where any optimizer belongs: a base optimizer, or a whole sharpness-aware one. */
export type AnyOptimizerConfig = PartConfigs['base-optimizer'] | OptimizerConfig;
