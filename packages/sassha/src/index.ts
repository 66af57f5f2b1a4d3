/**
 * SASSHA: sharpness-aware second-order optimization.
 *
 * @packageDocumentation
 */
export { type SasshaOptions, sassha } from './sassha.js';
