import type { Feature } from '../../feature.js';
import { einsum, einsumGradients } from './einsum.js';

/** Sums of products by letters. */
export const einsumFeature: Feature = {
  kernels: [{ name: 'Einsum', composed: einsum }],
  gradients: einsumGradients,
  gradientRepairs: [{ op: '`einsum`', wrong: 'has no gradient' }],
};
