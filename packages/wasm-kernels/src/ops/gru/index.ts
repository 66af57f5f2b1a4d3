import type { Feature } from '../../feature.js';
import { gruPatches } from './layer.js';
import * as side from './side.js';

/** All steps of a GRU. */
export const gruFeature: Feature = {
  kernels: [
    { name: 'SamGru', side: side.gru },
    { name: 'SamGruGrad', side: side.gruGradient },
  ],
  layers: gruPatches,
};
