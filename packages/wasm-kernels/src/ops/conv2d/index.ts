import type { Feature } from '../../feature.js';
import * as composed from './composed.js';
import { conv2dFilterGradient } from './filter-gradient.js';
import { conv2d } from './forward.js';
import { convolutionGradients } from './gradients.js';
import { conv2dInputGradient } from './input-gradient.js';
import { conv2dLayer, conv2dLayerGradients } from './layer.js';

/** Convolutions of images, with their fused layer. */
export const conv2dFeature: Feature = {
  kernels: [
    { name: 'Conv2D', side: conv2d },
    { name: 'FusedConv2D', side: conv2d },
    { name: 'Conv2DBackpropFilter', side: conv2dFilterGradient, composed: composed.conv2dFilterGradient },
    { name: 'Conv2DBackpropInput', side: conv2dInputGradient, composed: composed.conv2dInputGradient },
    { name: 'SamConv2D', side: conv2d },
  ],
  gradients: [...convolutionGradients, ...conv2dLayerGradients],
  layers: [conv2dLayer],
  gradientRepairs: [
    { op: 'dilated `conv2d`, `conv1d`, `depthwiseConv2d`', wrong: 'have no gradient' },
    { op: 'gradients of gradients of convolutions and of pooling', wrong: 'throw' },
  ],
};
