/**
 * Sharpness-aware training for TensorFlow.js: every variant, what to build them from, and the default registry.
 *
 * @packageDocumentation
 */

export * from '@tfjs-sam/adaptive-radius';
export * from '@tfjs-sam/ae-sam';
export {
  type BilateralSamOptions,
  bilateralSam,
  type MinSharpnessOptions,
  minSharpness,
} from '@tfjs-sam/bilateral-sam';
export {
  type BisamLossOptions,
  type BisamOptions,
  bisam,
  bisamLoss,
  type LogLowerBound,
  type LowerBound,
  type TanhLowerBound,
  zeroOneLowerBound,
} from '@tfjs-sam/bisam';
export { type BsamOptions, bsam } from '@tfjs-sam/bsam';
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
export * from '@tfjs-sam/eigen-sam';
export * from '@tfjs-sam/esam';
export { type FisherSamOptions, fisherSam } from '@tfjs-sam/fisher-sam';
export {
  type BatchNoiseOptions,
  batchNoise,
  type FriendlySamOptions,
  friendlySam,
} from '@tfjs-sam/friendly-sam';
export {
  type GsamOptions,
  gsam,
  type RhoFromLearningRateOptions,
  rhoFromLearningRate,
  type SurrogateGapOptions,
  surrogateGap,
} from '@tfjs-sam/gsam';
export { type HessianKind, type HessianSamOptions, hessianKinds, hessianSam } from '@tfjs-sam/hessian-sam';
export * from '@tfjs-sam/layer-sam';
export { type LookSamOptions, lookSam } from '@tfjs-sam/look-sam';
export * from '@tfjs-sam/momentum-sam';
export { type MsamOptions, msam } from '@tfjs-sam/msam';
export * from '@tfjs-sam/multistep-sam';
export * from '@tfjs-sam/pgn';
export * from '@tfjs-sam/rwp';
export {
  type AsamOptions,
  asam,
  type PNormAscentOptions,
  pNormAscent,
  type SamOptions,
  sam,
} from '@tfjs-sam/sam';
export { type SampaOptions, sampa } from '@tfjs-sam/sampa';
export {
  type DynamicMaskOptions,
  dynamicMask,
  type FisherMaskOptions,
  type FisherScoreOptions,
  fisherMask,
  type MaskStrategyName,
  maskedFraction,
  type NmMaskOptions,
  nmMask,
  type SparseMask,
  type SparseMaskOptions,
  type SparseSamOptions,
  type SparsityOptions,
  type StructuredMaskOptions,
  sparseSam,
  structuredMask,
} from '@tfjs-sam/sparse-sam';
export * from '@tfjs-sam/stable-sam';
export {
  type DetSamOptions,
  type DirectionDistribution,
  type DirectionOptions,
  type DistributedDirectionOptions,
  detSam,
  detSharpness,
  type EstimateOptions,
  estimateSharpness,
  type FrobSamOptions,
  type FunctionName,
  frobSam,
  frobSharpness,
  type SampledRuleOptions,
  type SampledSharpness,
  type ScalarFunction,
  type TraceSamOptions,
  traceSam,
  traceSharpness,
  type UniversalSamOptions,
  type UniversalSharpnessOptions,
  universalSam,
  universalSharpness,
} from '@tfjs-sam/universal-sam';
export * from '@tfjs-sam/vasso';
export { type WsamOptions, wsam } from '@tfjs-sam/wsam';
export * from '@tfjs-sam/xsam';
export * from '@tfjs-sam/zsharp';
export { createDefaultRegistry } from './default-registry.js';
export * as plugins from './plugins.js';
