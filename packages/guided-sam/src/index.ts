/**
 * SAM that a second loss guides: Agnostic-SAM, modality-aware SAM.
 *
 * @packageDocumentation
 */
export { type AgnosticSamOptions, agnosticSam } from './agnostic-sam.js';
export { type ModalitySamOptions, modalitySam } from './modality-sam.js';
export { modalityShares } from './modality-shares.js';
