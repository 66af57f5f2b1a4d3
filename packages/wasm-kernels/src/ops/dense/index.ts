import type { Feature } from '../../feature.js';
import { denseGradients, denseLayer } from './layer.js';
import { dense } from './side.js';

/** The fused dense layer. */
export const denseFeature: Feature = {
  kernels: [{ name: 'SamDense', side: dense }],
  gradients: denseGradients,
  layers: [denseLayer],
};
