/**
 * XSAM: descends between the way up and the gradient there.
 *
 * @packageDocumentation
 */
export { type XsamOptions, xsam } from './xsam.js';
