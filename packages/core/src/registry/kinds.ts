import type { Kind } from '../declare/kinds.js';
import type { CoreBaseOptimizerConfigs } from './plugins/base-optimizers.js';
import type { CoreFilterConfigs } from './plugins/filters.js';
import type { CoreScheduleConfigs } from './plugins/schedules.js';
import type { CoreVariantConfigs } from './plugins/variants.js';

export type { Kind, Kinds, Named, PartConfigs, PartTypes, ScheduleConfigs } from '../declare/kinds.js';
export type {
  AnyOptimizerConfig,
  AscentConfigs,
  AscentObjective,
  BaseOptimizerConfigs,
  CombinerConfigs,
  FilterConfigs,
  MetricConfigs,
  ObjectiveConfigs,
  OptimizerConfig,
  RuleConfigs,
  VariantConfigs,
} from '../kinds.js';

declare module '../kinds.js' {
  interface VariantConfigs extends CoreVariantConfigs {}
  interface FilterConfigs extends CoreFilterConfigs {}
  interface BaseOptimizerConfigs extends CoreBaseOptimizerConfigs {}
}
declare module '../declare/kinds.js' {
  interface ScheduleConfigs extends CoreScheduleConfigs {}
}

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
