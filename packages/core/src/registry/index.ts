/**
 * The registry: optimizers from plain JSON, and the plugins that give things their names there.
 *
 * @packageDocumentation
 */

export { nearestNames } from '../declare/nearest.js';
export type { JsonSchema, OptionRow } from './json-schema.js';
export type {
  AnyOptimizerConfig,
  AscentConfigs,
  AscentObjective,
  BaseOptimizerConfigs,
  CombinerConfigs,
  FilterConfigs,
  Kind,
  MetricConfigs,
  ObjectiveConfigs,
  OptimizerConfig,
  PartConfigs,
  PartTypes,
  RuleConfigs,
  ScheduleConfigs,
  VariantConfigs,
} from './kinds.js';
export {
  anyOptimizer,
  driverOptions,
  mongeOptions,
  type PartSchema,
  part,
  schedule,
  strategyOptions,
} from './options.js';
export { definePlugin, type Plugin, pluginsOf } from './plugin.js';
export { corePlugins } from './plugins/index.js';
export { createRegistry, type Registry } from './registry.js';
export { pluginOf, schemaOf } from './schema.js';
