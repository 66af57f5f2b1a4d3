import type { Feature } from '../../feature.js';
import { reverseBooleans, stridedSliceOfTypes } from './bytes.js';

/** Elements of one byte, and whole numbers, in kernels that move or take them for floats. */
export const booleansFeature: Feature = {
  kernels: [
    { name: 'Reverse', composed: reverseBooleans },
    { name: 'StridedSlice', composed: stridedSliceOfTypes },
  ],
  repairs: [
    {
      op: '`stridedSlice` with `shrinkAxisMask`',
      wrong: 'takes wrong elements (on cpu, too: left alone there)',
    },
    { op: '`stridedSlice` of whole numbers and booleans', wrong: "takes their bits for a float's" },
  ],
};
