/**
 * VaSSO: climbs along a moving average of the gradients.
 *
 * @packageDocumentation
 */
export { type SmoothedGradientOptions, smoothedGradient } from './smoothed-gradient.js';
export { type VassoOptions, vasso } from './vasso.js';
