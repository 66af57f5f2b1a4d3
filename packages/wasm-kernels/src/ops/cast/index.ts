import type { Feature } from '../../feature.js';
import { castOfTypes } from './cast.js';
import { identity } from './identity.js';

/** Types, and clones that share their data. */
export const castFeature: Feature = {
  kernels: [
    { name: 'Identity', composed: identity },
    { name: 'Cast', composed: castOfTypes },
  ],
  repairs: [{ op: '`cast` to booleans', wrong: 'by the low byte of a number instead of by whether it is 0' }],
};
