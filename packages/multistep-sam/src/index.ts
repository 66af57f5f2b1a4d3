/**
 * Several ascents in a step: multi-step SAM, Lookbehind-SAM.
 *
 * @packageDocumentation
 */
export { type LookbehindSamOptions, lookbehindSam } from './lookbehind-sam.js';
export { type MultistepSamOptions, multistepSam } from './multistep-sam.js';
