/**
 * Shaped ascents: ZSharp, GCSAM, polar and preconditioned SAM.
 *
 * @packageDocumentation
 */
export { type CentredAscentOptions, centredAscent } from './centred-ascent.js';
export { type PolarAscentOptions, polarAscent } from './polar-ascent.js';
export { type PreconditionedOptions, preconditioned } from './preconditioned.js';
export { type ZScoreOptions, zScore } from './z-score.js';
export {
  type GcSamOptions,
  gcSam,
  type PolarSamOptions,
  type PreconditionedSamOptions,
  polarSam,
  preconditionedSam,
  type ZsharpOptions,
  zsharp,
} from './zsharp.js';
