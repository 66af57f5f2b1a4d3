import type { Feature } from '../../feature.js';
import { conv3dFilterGradient, conv3dInputGradient } from './gradients.js';
import { secondGradients } from './second.js';

/** Gradients of convolutions of volumes. */
export const conv3dFeature: Feature = {
  kernels: [
    { name: 'Conv3DBackpropFilterV2', composed: conv3dFilterGradient },
    { name: 'Conv3DBackpropInputV2', composed: conv3dInputGradient },
  ],
  gradients: secondGradients,
  gradientRepairs: [{ op: '`conv3dTranspose`', wrong: 'has no gradient' }],
  repairs: [
    {
      op: '`conv3d` gradients',
      wrong: 'wrong with respect to the input always, with respect to the filter with strides',
    },
  ],
};
