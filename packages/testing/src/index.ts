/**
 * Conformance suites and golden trajectories: what every variant and metric runs, here and elsewhere.
 *
 * @packageDocumentation
 */
export { arbitraryConfig, arbitraryConfigs, type Completeness, misspelt } from './arbitrary-config.js';
export {
  type CurvatureReference,
  curvatureModels,
  curvatureReference,
} from './curvature-reference.js';
export { describeGolden, type GoldenSuite } from './describe-golden.js';
export { describeMetric, type MetricSuite } from './describe-metric.js';
export { describeVariant, type VariantCase, type VariantSuite } from './describe-variant.js';
export {
  type ExactNetwork,
  type ExactSpectrum,
  exactNetwork,
  exactNetworks,
  exactProducts,
} from './exact-networks.js';
export { trainInFit } from './fit-problem.js';
export { type MetricProblem, metricProblem } from './metric-problem.js';
export { RUNS, type RunsProblem, runsProblem } from './runs-problem.js';
export { type ToyProblem, toyProblem } from './toy-problem.js';
export * from './trajectories.js';
