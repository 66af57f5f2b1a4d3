/**
 * Penalties of the gradient's norm and of curvature along it: PGN, SAGM, CR-SAM, GAM.
 *
 * @packageDocumentation
 */
export { type CrSamOptions, crSam } from './cr-sam.js';
export {
  type CurvatureRegularisationOptions,
  curvatureRegularisation,
} from './curvature-regularisation.js';
export { type GamOptions, gam } from './gam.js';
export { type GradientMixOptions, gradientMix } from './gradient-mix.js';
export { type PgnOptions, pgn } from './pgn.js';
export { type SagmOptions, sagm } from './sagm.js';
