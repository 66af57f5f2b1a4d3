import type { Feature } from '../../feature.js';
import { selectOfTypes } from './select.js';

/** Choosing between tensors. */
export const selectFeature: Feature = {
  kernels: [{ name: 'Select', composed: selectOfTypes }],
  repairs: [
    {
      op: '`where` between tensors of different types',
      wrong: "takes the bits of one as if they were of the other's type",
    },
  ],
};
