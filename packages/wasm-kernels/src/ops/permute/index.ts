import type { Feature } from '../../feature.js';
import { emptyTranspose } from './empty.js';
import { sliceInside } from './inside.js';
import * as side from './side.js';

/** Transposing and cutting out. */
export const permuteFeature: Feature = {
  kernels: [
    { name: 'Transpose', side: side.transpose, composed: emptyTranspose },
    { name: 'Slice', side: side.slice, composed: sliceInside },
  ],
  repairs: [
    { op: '`transpose` of an empty tensor of rank 5 and more', wrong: 'stops with a division by zero' },
    {
      op: '`slice` that reaches beyond its input',
      wrong: 'answers with what lies behind it on the heap',
      fix: 'an error',
    },
  ],
};
