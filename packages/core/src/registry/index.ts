/**
 * The registry: optimizers and their parts from plain JSON.
 *
 * @packageDocumentation
 */
export type { Kind, PartConfigs, PartTypes } from '../declare/kinds.js';
export { nearestNames } from '../declare/nearest.js';
export type { AnyOptimizerConfig, AscentObjective, OptimizerConfig } from '../kinds.js';
export { corePlugins } from './core-parts.js';
export { describedPart, type JsonSchema, type OptionRow, optionRows } from './json-schema.js';
export { coreKinds, type Plugin, pluginOf, pluginsOf } from './plugin.js';
export { ConfigurationError, type PlacedProblem, type Problem, writeExpectation } from './problems.js';
export { createRegistry, type Registry } from './registry.js';
export { schemaOf } from './schema.js';
