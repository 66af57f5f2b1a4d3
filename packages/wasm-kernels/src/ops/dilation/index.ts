import type { Feature } from '../../feature.js';
import { dilation2d, dilationFilterGradient, dilationInputGradient } from './dilation.js';

/** Morphological dilation. */
export const dilationFeature: Feature = {
  kernels: [
    { name: 'Dilation2D', composed: dilation2d },
    { name: 'Dilation2DBackpropInput', composed: dilationInputGradient },
    { name: 'Dilation2DBackpropFilter', composed: dilationFilterGradient },
  ],
  repairs: [
    {
      op: '`dilation2d` and its gradients',
      wrong: 'a window without a positive sum is 10⁻³⁸, and passes its gradient to a wrong element',
    },
  ],
};
