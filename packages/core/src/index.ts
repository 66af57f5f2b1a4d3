/**
 * The parts of sharpness-aware training in TensorFlow.js: oracle, rules, metrics, driver, base optimizers.
 *
 * @packageDocumentation
 */

export {
  elementwise,
  type Formula,
  type FormulaInputs,
  type Operations,
} from './algebra/elementwise.js';
export { runFused } from './algebra/fused.js';
export { mix } from './algebra/mix.js';
export { newtonSchulz } from './algebra/newton-schulz.js';
export {
  displaced,
  materialise,
  type Perturbation,
  type ScaledVector,
  scalePerturbation,
} from './algebra/perturbation.js';
export { type Distribution, generator, type Sampler, seededSampler } from './algebra/random.js';
export {
  learningRateOfRuns,
  type Runs,
  requireOneRadius,
  requireOneRun,
  rowsOfRuns,
  runsAtHand,
  shapeOfRun,
  spread,
} from './algebra/runs.js';
export {
  add,
  axpy,
  choose,
  dot,
  hypotOne,
  map,
  maxAbs,
  mul,
  norm,
  type ParamVector,
  scale,
  scaleEach,
  scaleFinite,
  sub,
  toScalar,
  zerosLike,
  zip,
} from './algebra/vector.js';
export {
  crossEntropyOf,
  DISAGREEMENT,
  type Differences,
  gaussNewton,
  type HvpOptions,
  hessian,
  hutchinsonDiagonal,
  hutchinsonTrace,
  hvp,
  judge,
  type Krylov,
  krylov,
  type LanczosOptions,
  type LanczosResult,
  type LinearMap,
  lanczos,
  makeOracle,
  NOT_FINITE,
  type ProbeMean,
  type ProbeOptions,
  type Reliability,
  type Settled,
  type StandaloneOracle,
  type SymmetricEigen,
  settled,
  squaredErrorOf,
  symmetricEigen,
  TOO_FAR_APART,
  type TraceEstimate,
  type TraceOptions,
  type TwoPartLoss,
  unheldKinks,
} from './curvature/index.js';
export { complete, configOf, type Place, type Sort } from './declare/check.js';
export { type Configured, createFromConfig, type NamedConfig } from './declare/config.js';
export {
  requireFinite,
  requireInRange,
  requireInteger,
  requireNonNegative,
  requireOneOf,
  requirePositive,
  requireSchedule,
} from './declare/errors.js';
export type { Kind, Kinds, Named, PartConfigs, PartTypes, ScheduleConfigs } from './declare/kinds.js';
export { type Matching, matcher, someVariables } from './declare/matching.js';
export { nearestNames } from './declare/nearest.js';
export {
  type AnyOption,
  anyOf,
  anyOptimizer,
  boolean,
  type Checked,
  type CodeOption,
  type CodeSpec,
  type ConfigOf,
  code,
  type Declarations,
  integer,
  type LateOption,
  list,
  location,
  type Need,
  number,
  type Option,
  type OptionForm,
  type OptionsOf,
  oneOf,
  type PartOption,
  part,
  type Range,
  record,
  type Spec,
  schedule,
  type TypesOfList,
  type TypesOfRecord,
  type TypesOfTagged,
  tagged,
  text,
} from './declare/option.js';
export {
  type Declaring,
  declared,
  definePart,
  type Part,
  type PartDeclaration,
  type PartFunction,
  pick,
  registerParts,
} from './declare/part.js';
export { constant } from './declare/schedules/constant.js';
export { cosineDecay } from './declare/schedules/cosine.js';
export { linearDecay } from './declare/schedules/linear.js';
export { type OneCycleOptions, oneCycle } from './declare/schedules/one-cycle.js';
export {
  type ConfiguredSchedule,
  nonNegativeAt,
  type Schedule,
  valueAt,
} from './declare/schedules/schedule.js';
export { stepDecay } from './declare/schedules/step.js';
export { type WarmupCosineOptions, warmupCosine } from './declare/schedules/warmup-cosine.js';
export { SharpnessAwareOptimizer } from './driver/optimizer.js';
export { type DriverOptions, driverOptions, type VariableGroup } from './driver/options.js';
export { type StepRecorder, stepRecorder } from './driver/recorder.js';
export { restoreState, saveState } from './driver/saving/state.js';
export { ruleVariant, sharpnessAware } from './driver/sharpness-aware.js';
export {
  definePreset,
  defineVariant,
  type PresetDeclaration,
  type Variant,
  type VariantConfig,
  type VariantDeclaration,
} from './driver/variant.js';
export { frozenKinks, type KeptKinks, type KinkKeeping } from './engine/kinks.js';
export { explainMissingKernels } from './engine/missing-kernel.js';
export { type Draws, withSharedRandomness } from './engine/randomness.js';
export { unrecorded } from './engine/unrecorded.js';
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
} from './kinds.js';
export { AdamWOptimizer, type AdamWOptions, adamw } from './optimizers/adamw.js';
export {
  AveragingOptimizer,
  type AveragingOptions,
  type ExponentialMovingAverageOptions,
  exponentialMovingAverage,
  type LatestWeightAverageOptions,
  latestWeightAverage,
  stochasticWeightAverage,
} from './optimizers/averaging.js';
export type { BaseView } from './optimizers/base-view.js';
export { clipByGlobalNorm, clipByValue } from './optimizers/clipping.js';
export { LionOptimizer, type LionOptions, lion } from './optimizers/lion.js';
export { MuonOptimizer, type MuonOptions, muon } from './optimizers/muon.js';
export { withLearningRate } from './optimizers/scheduled.js';
export { SgdOptimizer, type SgdOptions, sgd } from './optimizers/sgd.js';
export { Swad, type SwadOptions, swad } from './optimizers/swad.js';
export { type TfjsConfigs, tfjsOptimizers } from './optimizers/tfjs-parts.js';
export { type WeightDecayOptions, withWeightDecay } from './optimizers/weight-decay.js';
export { WrappedOptimizer } from './optimizers/wrapped.js';
export type { MaybeGradient, Update, Wrapping } from './optimizers/wrapping.js';
export { type ExampleScope, exampleLoss, withExamples } from './oracle/examples.js';
export { requireLoss } from './oracle/loss.js';
export type { MinimizeOverOptions } from './oracle/micro-batches.js';
export {
  type AnyLossClosure,
  byObjective,
  currentObjective,
  type LossClosure,
  type Objective,
  withObjective,
} from './oracle/objective.js';
export {
  type Evaluation,
  type EvaluationRequest,
  type GradientOracle,
  type PartOracle,
  requireLosses,
  type ValueRequest,
} from './oracle/oracle.js';
export { reportsArrived, type StepListener, type StepReport } from './oracle/report.js';
export { type NamedTensor, SlotStore } from './oracle/slots.js';
export type { Merge, RuleState } from './oracle/state.js';
export type { Variables } from './oracle/variables.js';
export { ascentStep } from './rules/ascent.js';
export {
  type AscentDirection,
  type AscentStep,
  type ComposedRule,
  chainAscents,
  compose,
  composePerturbation,
  type GradientCombiner,
  type PerturbationFilter,
  type PerturbationStrategies,
  type Strategies,
} from './rules/compose.js';
export { chainFilters } from './rules/filters/chain.js';
export { type Gate, intermittent } from './rules/intermittent.js';
export type { InnerProduct, PerturbationMetric } from './rules/metric.js';
export {
  type ElementwiseMetricOptions,
  elementwiseMetric,
  elementwiseOptions,
} from './rules/metrics/elementwise.js';
export { euclideanMetric } from './rules/metrics/euclidean.js';
export {
  type FisherMetricOptions,
  fisherMetric,
  fisherOptions,
  type PerExampleLosses,
} from './rules/metrics/fisher.js';
export {
  type GaussNewtonOptions,
  gaussNewtonMetric,
  type OutputLoss,
  outputOptions,
} from './rules/metrics/gauss-newton.js';
export {
  type HessianDiagonalOptions,
  hessianDiagonalMetric,
  type ProbedMetricOptions,
  probedOptions,
} from './rules/metrics/hessian-diagonal.js';
export {
  type HessianLowRankOptions,
  hessianLowRankMetric,
  lowRankOptions,
} from './rules/metrics/hessian-low-rank.js';
export { type MongeMetricOptions, mongeMetric } from './rules/metrics/monge.js';
export {
  type MongeAveraging,
  type MongeIterations,
  type MongeNeighbours,
  mongeOptions,
} from './rules/metrics/monge-average.js';
export { type PNormAscentOptions, pNormAscent } from './rules/metrics/p-norm.js';
export { averageDecay, drawOptions, perturbationOptions, radius, strategyOptions } from './rules/options.js';
export {
  type DescentContext,
  type RuleStep,
  type SharpnessRule,
  type TwoPassOptions,
  twoPass,
} from './rules/rule.js';
