/**
 * Sharpness-aware training for TensorFlow.js: every variant, what to build them from, and the default registry.
 *
 * @packageDocumentation
 */

export {
  adamw,
  byObjective,
  chainAscents,
  chainFilters,
  clipByGlobalNorm,
  clipByValue,
  compose,
  constant,
  cosineDecay,
  elementwiseMetric,
  euclideanMetric,
  exampleLoss,
  exponentialMovingAverage,
  fisherMetric,
  gaussNewtonMetric,
  hessianDiagonalMetric,
  hessianLowRankMetric,
  intermittent,
  latestWeightAverage,
  linearDecay,
  lion,
  mongeMetric,
  muon,
  oneCycle,
  restoreState,
  SharpnessAwareOptimizer,
  saveState,
  sgd,
  sharpnessAware,
  stepDecay,
  stochasticWeightAverage,
  swad,
  warmupCosine,
  withLearningRate,
  withWeightDecay,
} from '@tfjs-sam/core';
export { createDefaultRegistry, defaultPlugins } from './default-registry.js';
export * from './variants.js';
