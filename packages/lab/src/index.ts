/**
 * Experiments with sharpness-aware optimizers: what the command line `tfjs-sam` is made of.
 *
 * @packageDocumentation
 */
export { type RunStudyOptions, runStudy } from './commands/run.js';
export { type CompareConfig, parseCompareConfig, type RawCompareOptions } from './config.js';
export type { Data, Examples } from './data/data.js';
export { type DatasetDefinition, type DatasetPart, defineDataset, type Treatment } from './data/dataset.js';
export { UsageError } from './errors.js';
export type { StudyListener } from './execute/conduct.js';
export type { Executor, Job, JobListener } from './execute/executor.js';
export { InProcessExecutor } from './execute/in-process.js';
export {
  type ExportedFiles,
  type Exporter,
  exporterParts,
  exporters,
  writeExport,
} from './export/exporter.js';
export type { Measure, MeasureContext } from './measures/measure.js';
export { type ModelName, modelNames } from './model-names.js';
export {
  defineModel,
  glorot,
  head,
  heNormal,
  type ModelDefinition,
  type Seeds,
} from './models/define-model.js';
export type { ModelPart, ModelRequest } from './models/model.js';
export { labKinds, type PartConfig } from './parts/kinds.js';
export { loadRegistry } from './parts/load.js';
export { main, type Outputs } from './program.js';
export type { Output } from './progress.js';
export { type Analysis, type ArmRow, analyse, renderReport } from './report/index.js';
export {
  type ArmInfo,
  comparedTrials,
  type EpochRecord,
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
export { canonicalTable } from './study/canonical-table.js';
export { defineStudy, type Study, type StudyInput, studyJsonSchema } from './study/schema.js';
export type { TrialConfig, TrialOutput, TrialSpec } from './trial/spec.js';
export type { LoadedTask, Predictions, Problem, Split, StepBatch, Task } from './trial/task.js';
export { type Variant, variantNamed, variantsOf } from './variants.js';
