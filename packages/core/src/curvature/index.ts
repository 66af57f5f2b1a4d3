/** Curvature of a loss: Hessian-vector products, eigenpairs, traces, diagonals. */

export { DISAGREEMENT, judge, NOT_FINITE, type Reliability, unheldKinks } from './estimate.js';
export { crossEntropyOf, gaussNewton, squaredErrorOf, type TwoPartLoss } from './gauss-newton.js';
export {
  hutchinsonDiagonal,
  hutchinsonTrace,
  type ProbeMean,
  type ProbeOptions,
  type TraceEstimate,
  type TraceOptions,
} from './hutchinson.js';
export { type Differences, type HvpOptions, hessian, hvp, type LinearMap } from './hvp.js';
export { type Krylov, krylov } from './krylov.js';
export { type LanczosOptions, type LanczosResult, lanczos } from './lanczos.js';
export { type Settled, settled, TOO_FAR_APART } from './settle.js';
export { makeOracle, type StandaloneOracle } from './standalone-oracle.js';
export { type SymmetricEigen, symmetricEigen } from './symmetric-eigen.js';
