import type { Feature } from '../../feature.js';
import * as composed from './composed.js';
import { unsortedSegmentSum } from './side.js';

/** Sums of rows by segment, the gradient of embeddings. */
export const segmentsFeature: Feature = {
  kernels: [{ name: 'UnsortedSegmentSum', side: unsortedSegmentSum, composed: composed.unsortedSegmentSum }],
};
