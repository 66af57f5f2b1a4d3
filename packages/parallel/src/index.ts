/**
 * Gradients on worker threads: SAMPa's two at once, and batches split over threads for any variant.
 *
 * @packageDocumentation
 */
export { type DataParallelOptions, DataParallelTrainer, type Sharpness } from './data-parallel-trainer.js';
export type { FitOptions, TrainingHistory } from './fit.js';
export type { Batch } from './gradient-worker.js';
export type { BatchLoss } from './loss.js';
export { type LossName, lossNames } from './protocol.js';
export { SampaTrainer } from './sampa-trainer.js';
export { ParallelTrainer, type TrainerOptions } from './trainer.js';
