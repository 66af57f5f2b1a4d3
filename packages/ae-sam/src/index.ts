/**
 * SAM at some steps only: AE-SAM, randomised, periodic, for a part of the training.
 *
 * @packageDocumentation
 */
export {
  type AeSamOptions,
  aeSam,
  type PeriodicSamOptions,
  periodicSam,
  type RstSamOptions,
  rstSam,
} from './ae-sam.js';
