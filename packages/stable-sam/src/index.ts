/**
 * Stable SAM, and SAM without its normalisation.
 *
 * @packageDocumentation
 */
export { originalLength } from './original-length.js';
export {
  type StableSamOptions,
  type StableUsamOptions,
  stableSam,
  stableUsam,
  type UsamOptions,
  usam,
} from './stable-sam.js';
export { unnormalisedAscent } from './unnormalised-ascent.js';
