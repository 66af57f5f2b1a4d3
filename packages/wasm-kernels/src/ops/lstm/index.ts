import type { Feature } from '../../feature.js';
import { lstmPatches } from './layer.js';
import * as side from './side.js';

/** All steps of an LSTM. */
export const lstmFeature: Feature = {
  kernels: [
    { name: 'SamLstm', side: side.lstm },
    { name: 'SamLstmGrad', side: side.lstmGradient },
  ],
  layers: lstmPatches,
};
