/**
 * Rules that look at examples and outputs: ESAM, K-SAM, RW-SAM, Focal-SAM, Functional SAM.
 *
 * @packageDocumentation
 */
export { type EsamOptions, esam } from './esam.js';
export { type FocalSamOptions, focalSam } from './focal-sam.js';
export { type FunctionalSamOptions, functionalSam, type LossInParts } from './functional-sam.js';
export { type KSamOptions, kSam, type RwSamOptions, rwSam } from './k-sam.js';
