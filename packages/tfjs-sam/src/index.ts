/**
 * Sharpness-aware training for TensorFlow.js: every variant, what to build them from, and the default registry.
 *
 * @packageDocumentation
 */

export {
  adamw,
  byObjective,
  constant,
  cosineDecay,
  elementwiseMetric,
  euclideanMetric,
  linearDecay,
  mongeMetric,
  SharpnessAwareOptimizer,
  sgd,
  sharpnessAware,
  stepDecay,
} from '@tfjs-sam/core';
export { createDefaultRegistry, defaultPlugins } from './default-registry.js';
export * from './variants.js';
