import type { Feature } from '../../feature.js';
import { lstmCell as layer, lstmGradients } from './layer.js';
import * as side from './side.js';

/** The elementwise part of a step of an LSTM. */
export const lstmFeature: Feature = {
  kernels: [
    { name: 'SamLstmCell', side: side.lstmCell },
    { name: 'SamLstmCellGrad', side: side.lstmCellGradient },
  ],
  gradients: lstmGradients,
  layers: [layer],
};
