import type { Feature } from '../../feature.js';
import { oneHotOfTypes } from './one-hot.js';

/** One-hot vectors. */
export const oneHotFeature: Feature = {
  kernels: [{ name: 'OneHot', composed: oneHotOfTypes }],
  repairs: [
    {
      op: '`oneHot` of type float32 or bool',
      wrong:
        '1 is a float of 10⁻⁴⁵; other values, as label smoothing has them, lose their fraction; booleans are written outside the output',
    },
  ],
};
