/**
 * Several ascents in a step: multi-step SAM.
 *
 * @packageDocumentation
 */
export { type MultistepSamOptions, multistepSam } from './multistep-sam.js';
