import type { Feature } from '../../feature.js';
import { gruGradients, gruCell as layer } from './layer.js';
import * as side from './side.js';

/** A step of a GRU. */
export const gruFeature: Feature = {
  kernels: [
    { name: 'SamGruCell', side: side.gruCell },
    { name: 'SamGruCellGrad', side: side.gruCellGradient },
  ],
  gradients: gruGradients,
  layers: [layer],
};
