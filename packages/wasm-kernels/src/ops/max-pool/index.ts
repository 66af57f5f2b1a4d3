import type { Feature } from '../../feature.js';
import { maxPoolGradient as composedGradient } from './composed.js';
import { secondGradient } from './second.js';
import { maxPoolGradient } from './side.js';
import { maxPool3dGradient } from './volumes.js';
import { maxPool3d, maxPoolWithArgmax } from './windows.js';

/** Maximum pooling of images and volumes. */
export const maxPoolFeature: Feature = {
  kernels: [
    { name: 'MaxPoolGrad', side: maxPoolGradient, composed: composedGradient },
    { name: 'MaxPool3D', composed: maxPool3d },
    { name: 'MaxPoolWithArgmax', composed: maxPoolWithArgmax },
    { name: 'MaxPool3DGrad', composed: maxPool3dGradient },
  ],
  gradients: [secondGradient],
  repairs: [
    {
      op: '`maxPool` gradient',
      wrong:
        'a window without a positive value passes its gradient to a wrong element; ties go to the last maximum, on cpu to the first',
    },
    {
      op: '`maxPool3d`, `maxPoolWithArgmax` and their gradients',
      wrong:
        'a window without a positive value is 10⁻³⁸, and passes its gradient to a wrong element; the second names the last of equal maxima, on cpu the first; the first takes the bits of whole numbers for floats',
    },
  ],
};
