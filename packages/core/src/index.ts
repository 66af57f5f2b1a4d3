/**
 * The parts of sharpness-aware training in TensorFlow.js: oracle, rules, metrics, driver, base optimizers.
 *
 * @packageDocumentation
 */

export {
  materialise,
  type Perturbation,
  type ScaledVector,
  scalePerturbation,
} from './algebra/perturbation.js';
export { type Distribution, type Sampler, seededSampler } from './algebra/random.js';
export {
  add,
  axpy,
  dot,
  hypotOne,
  map,
  maxAbs,
  mul,
  norm,
  type ParamVector,
  runFused,
  scale,
  scaleFinite,
  sub,
  toScalar,
  zerosLike,
  zip,
} from './algebra/vector.js';
export {
  type HvpOptions,
  hessian,
  hutchinsonDiagonal,
  hutchinsonTrace,
  hvp,
  type Krylov,
  krylov,
  type LanczosOptions,
  type LanczosResult,
  type LinearMap,
  lanczos,
  makeOracle,
  type ProbeOptions,
  type StandaloneOracle,
  type SymmetricEigen,
  symmetricEigen,
  type TraceEstimate,
} from './curvature/index.js';
export {
  type CatalogFactory,
  type CatalogKind,
  type Configured,
  createFromConfig,
  type NamedConfig,
  registerFactory,
  toConfig,
} from './declare/config.js';
export {
  requireFinite,
  requireInRange,
  requireInteger,
  requireNonNegative,
  requireOneOf,
  requirePositive,
  requireSchedule,
} from './declare/errors.js';
export {
  type ConfiguredSchedule,
  constant,
  cosineDecay,
  linearDecay,
  nonNegativeAt,
  type OneCycleOptions,
  oneCycle,
  type Schedule,
  stepDecay,
  valueAt,
  type WarmupCosineOptions,
  warmupCosine,
} from './declare/schedules.js';
export type { VariableGroup } from './driver/groups.js';
export { type DriverOptions, SharpnessAwareOptimizer } from './driver/optimizer.js';
export { type StepRecorder, stepRecorder } from './driver/recorder.js';
export { restoreState, saveState } from './driver/saving/state.js';
export { createVariant, registerVariant, sharpnessAware } from './driver/sharpness-aware.js';
export type { BaseView } from './engine/base-view.js';
export { AdamWOptimizer, type AdamWOptions, adamw } from './optimizers/adamw.js';
export {
  AveragingOptimizer,
  type AveragingOptions,
  type ExponentialMovingAverageOptions,
  exponentialMovingAverage,
  stochasticWeightAverage,
} from './optimizers/averaging.js';
export { clipByGlobalNorm, clipByValue } from './optimizers/clipping.js';
export { LionOptimizer, type LionOptions, lion } from './optimizers/lion.js';
export { withLearningRate } from './optimizers/scheduled.js';
export { SgdOptimizer, type SgdOptions, sgd } from './optimizers/sgd.js';
export { type WeightDecayOptions, withWeightDecay } from './optimizers/weight-decay.js';
export { WrappedOptimizer } from './optimizers/wrapped.js';
export type { MaybeGradient, Update, Wrapping } from './optimizers/wrapping.js';
export { exampleLoss } from './oracle/examples.js';
export type { MinimizeOverOptions } from './oracle/micro-batches.js';
export {
  type AnyLossClosure,
  byObjective,
  currentObjective,
  type LossClosure,
  type Objective,
} from './oracle/objective.js';
export {
  type Evaluation,
  type EvaluationRequest,
  type GradientOracle,
  requireLosses,
  type ValueRequest,
} from './oracle/oracle.js';
export type { StepListener, StepReport } from './oracle/report.js';
export { type NamedTensor, type RuleState, SlotStore } from './oracle/state.js';
export { ascentStep } from './rules/ascent.js';
export {
  type AscentDirection,
  type AscentStep,
  compose,
  composePerturbation,
  type GradientCombiner,
  type PerturbationFilter,
  type PerturbationStrategies,
  type Strategies,
} from './rules/compose.js';
export { chainFilters } from './rules/filters/chain.js';
export type { InnerProduct, PerturbationMetric } from './rules/metric.js';
export { type ElementwiseMetricOptions, elementwiseMetric } from './rules/metrics/elementwise.js';
export { euclideanMetric } from './rules/metrics/euclidean.js';
export {
  type FisherMetricOptions,
  fisherMetric,
  type PerExampleLosses,
} from './rules/metrics/fisher.js';
export { type GaussNewtonOptions, gaussNewtonMetric, type OutputLoss } from './rules/metrics/gauss-newton.js';
export {
  type HessianDiagonalOptions,
  hessianDiagonalMetric,
  type ProbedMetricOptions,
} from './rules/metrics/hessian-diagonal.js';
export { type HessianLowRankOptions, hessianLowRankMetric } from './rules/metrics/hessian-low-rank.js';
export { type MongeMetricOptions, mongeMetric } from './rules/metrics/monge.js';
export type { MongeAveraging, MongeIterations, MongeNeighbours } from './rules/metrics/monge-average.js';
export { type PNormAscentOptions, pNormAscent } from './rules/metrics/p-norm.js';
export {
  type DescentContext,
  type RuleStep,
  type SharpnessRule,
  type TwoPassOptions,
  twoPass,
} from './rules/rule.js';
