import type { Feature } from '../../feature.js';
import { batchNormGradient, batchNormLayer } from './layer.js';
import * as side from './side.js';

/** Batch normalisation in training, with the moving averages of the Layers API. */
export const batchNormFeature: Feature = {
  kernels: [
    { name: 'SamBatchNorm', side: side.batchNorm },
    { name: 'SamBatchNormGrad', side: side.batchNormGradient },
    { name: 'SamMovingAverages', side: side.movingAverages },
  ],
  gradients: [batchNormGradient],
  layers: [batchNormLayer],
  gradientRepairs: [
    { op: '`tf.layers.batchNormalization` without scale or center', wrong: 'throws in training' },
  ],
};
