import type { Feature } from '../../feature.js';
import { layerNormGradients, layerNormLayer } from './layer.js';
import * as side from './side.js';

/** Layer normalisation. */
export const layerNormFeature: Feature = {
  kernels: [
    { name: 'SamLayerNorm', side: side.layerNorm },
    { name: 'SamLayerNormGrad', side: side.layerNormGradient },
  ],
  gradients: layerNormGradients,
  layers: [layerNormLayer],
};
