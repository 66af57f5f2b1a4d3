/**
 * Random perturbations of the weights: RWP, m-RWP, adaptive RWP, LPF-SGD, R-SAM, tilted SAM.
 *
 * @packageDocumentation
 */
export { type ArwpOptions, arwp } from './arwp.js';
export {
  type LpfSgdOptions,
  lpfSgd,
  type MRwpOptions,
  mRwp,
  type RSamOptions,
  type RwpOptions,
  rSam,
  rwp,
} from './rwp.js';
export { type TsamOptions, tsam } from './tsam.js';
