/**
 * Rules that know the direction of the largest curvature: Eigen-SAM and X-SAM.
 *
 * @packageDocumentation
 */
export { type EigenSamOptions, type ExplicitSamOptions, eigenSam, explicitSam } from './eigen-sam.js';
