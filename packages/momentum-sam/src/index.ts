/**
 * Perturbations from what the last steps left: Momentum-SAM, AsyncSAM, Lookahead-SAM.
 *
 * @packageDocumentation
 */
export { type AsyncSamOptions, asyncSam } from './async-sam.js';
export { type LookaheadSamOptions, lookaheadSam } from './lookahead-sam.js';
export { type MomentumSamOptions, momentumSam } from './momentum-sam.js';
