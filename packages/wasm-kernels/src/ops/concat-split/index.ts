import type { Feature } from '../../feature.js';
import { splitGradients } from './gradients.js';
import * as side from './side.js';

/** Joining tensors and taking them apart. */
export const concatSplitFeature: Feature = {
  kernels: [
    { name: 'Unpack', side: side.unpack },
    { name: 'SplitV', side: side.splitV },
    { name: 'Concat', side: side.concat },
    { name: 'Pack', side: side.pack },
  ],
  gradients: splitGradients,
  gradientRepairs: [{ op: '`unstack` and `split` into a single part', wrong: 'throws' }],
};
