/**
 * BiSAM: bilevel sharpness-aware minimization.
 *
 * @packageDocumentation
 */
export { type BisamOptions, bisam, bisamLog, bisamTanh } from './bisam.js';
export { type BisamLossOptions, bisamLoss } from './bisam-loss.js';
export {
  type LogLowerBound,
  type LowerBound,
  type TanhLowerBound,
  zeroOneLog,
  zeroOneLowerBound,
  zeroOneTanh,
} from './lower-bound.js';
