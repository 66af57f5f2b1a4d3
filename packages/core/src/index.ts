/**
 * The parts of sharpness-aware training in TensorFlow.js: oracle, rules, metrics, driver, base optimizers.
 *
 * @packageDocumentation
 */
export { ascentStep } from './ascent.js';
export type { BaseView } from './base-view.js';
export {
  type AscentDirection,
  type AscentStep,
  compose,
  composePerturbation,
  type GradientCombiner,
  type PerturbationFilter,
  type PerturbationStrategies,
  type Strategies,
} from './compose.js';
export {
  type CatalogFactory,
  type CatalogKind,
  type Configured,
  createFromConfig,
  type NamedConfig,
  registerFactory,
  toConfig,
} from './config.js';
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
  requireFinite,
  requireInRange,
  requireInteger,
  requireNonNegative,
  requireOneOf,
  requirePositive,
  requireSchedule,
} from './errors.js';
export { chainFilters } from './filters/chain.js';
export type { VariableGroup } from './groups.js';
export type { InnerProduct, PerturbationMetric } from './metric.js';
export { type ElementwiseMetricOptions, elementwiseMetric } from './metrics/elementwise.js';
export { euclideanMetric } from './metrics/euclidean.js';
export {
  type FisherMetricOptions,
  fisherMetric,
  type PerExampleLosses,
} from './metrics/fisher.js';
export { type GaussNewtonOptions, gaussNewtonMetric, type OutputLoss } from './metrics/gauss-newton.js';
export {
  type HessianDiagonalOptions,
  hessianDiagonalMetric,
  type ProbedMetricOptions,
} from './metrics/hessian-diagonal.js';
export { type HessianLowRankOptions, hessianLowRankMetric } from './metrics/hessian-low-rank.js';
export { type MongeMetricOptions, mongeMetric } from './metrics/monge.js';
export type { MongeAveraging, MongeIterations, MongeNeighbours } from './metrics/monge-average.js';
export { type PNormAscentOptions, pNormAscent } from './metrics/p-norm.js';
export { byObjective, currentObjective, type LossClosure, type Objective } from './objective.js';
export { type StepRecorder, stepRecorder } from './observe/recorder.js';
export type { StepListener, StepReport } from './observe/report.js';
export { type DriverOptions, type MinimizeOverOptions, SharpnessAwareOptimizer } from './optimizer.js';
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
export type { Evaluation, EvaluationRequest, GradientOracle } from './oracle.js';
export { materialise, type Perturbation, type ScaledVector, scalePerturbation } from './perturbation.js';
export { type Distribution, type Sampler, seededSampler } from './random.js';
export {
  type DescentContext,
  type RuleStep,
  type SharpnessRule,
  type TwoPassOptions,
  twoPass,
} from './rule.js';
export { restoreState, saveState } from './saving/state.js';
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
} from './schedules.js';
export { createVariant, registerVariant, sharpnessAware } from './sharpness-aware.js';
export { type NamedTensor, type RuleState, SlotStore } from './state.js';
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
} from './vector.js';
