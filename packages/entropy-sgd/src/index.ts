/**
 * Entropy-SGD: descends the local entropy, by a Langevin walk around the weights.
 *
 * @packageDocumentation
 */
export { type EntropySgdOptions, entropySgd } from './entropy-sgd.js';
