import type { Feature } from '../../feature.js';
import { bincountOfAll } from './bincount.js';

/** Histograms. */
export const bincountFeature: Feature = {
  kernels: [{ name: 'Bincount', composed: bincountOfAll }],
  repairs: [
    {
      op: "`bincount` of an image, and so `tf.image.threshold` by Otsu's method",
      wrong: 'one histogram for each row, which throws',
    },
  ],
};
