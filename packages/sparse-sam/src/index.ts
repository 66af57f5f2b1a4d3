/**
 * Sparse SAM, and its masks as filters for any variant.
 *
 * @packageDocumentation
 */
export { type DynamicMaskOptions, dynamicMask, type MaskStrategyName } from './dynamic-mask.js';
export { type FisherMaskOptions, fisherMask } from './fisher-mask.js';
export type { FisherScoreOptions, SparsityOptions } from './fisher-scores.js';
export { maskedFraction } from './masked-fraction.js';
export { type NmMaskOptions, nmMask } from './nm-mask.js';
export {
  type SparseMask,
  type SparseMaskOptions,
  type SparseSamOptions,
  sparseSam,
  sparseSamDynamic,
  sparseSamFisher,
} from './sparse-sam.js';
export { type StructuredMaskOptions, structuredMask } from './structured-mask.js';
