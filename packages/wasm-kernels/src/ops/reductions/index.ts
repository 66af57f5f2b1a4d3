import type { Feature } from '../../feature.js';
import { emptyMean, emptyReductions, emptySum } from './empty.js';
import { sum } from './side.js';

/** Sums, means and other reductions. */
export const reductionsFeature: Feature = {
  kernels: [
    { name: 'Sum', side: sum, composed: emptySum },
    { name: 'Mean', composed: emptyMean },
    ...emptyReductions,
  ],
  repairs: [
    {
      op: '`matMul` over an inner size of 0, `sum` and `mean` of an empty tensor',
      wrong: 'whatever the heap held before instead of 0',
    },
    {
      op: '`max`, `min`, `prod`, `any`, `all` of an empty tensor',
      wrong: 'the same',
      fix: 'NaN, NaN, 1, no, no here as on cpu',
    },
  ],
};
