/**
 * Experiments with sharpness-aware optimizers: what the command line `tfjs-sam` is made of.
 *
 * @packageDocumentation
 */
export { type ComparisonListener, runComparison } from './comparison.js';
export { type CompareConfig, parseCompareConfig, type RawCompareOptions } from './config.js';
export { UsageError } from './errors.js';
export { type ExportedFiles, type Exporter, exporters, writeExport } from './export/exporter.js';
export { type ModelName, modelNames } from './model-names.js';
export { main, type Outputs } from './program.js';
export type { Output } from './progress.js';
export type { ConfigRecord, EpochRecord, ResultRecord, RunKey, RunRecord } from './records.js';
export { type Analysis, type ArmRow, analyse, renderReport } from './report/index.js';
export {
  type ArmInfo,
  comparedTrials,
  type EpochRecord as TrialEpoch,
  type Figure,
  type FinalMetrics,
  type Measured,
  type MeasureInfo,
  type Metrics,
  type Outcome,
  type Point,
  type PointResult,
  type Provenance,
  type StepTimes,
  type StudyResults,
  type TaskInfo,
  type TrialResult,
  type TrialState,
} from './results.js';
export { type SummaryRow, summarise } from './summary.js';
export type { Variant, VariantSettings } from './variant.js';
export { variantNamed, variantNames, variants } from './variants.js';
