import type { Feature } from '../../feature.js';
import * as composed from './composed.js';
import * as side from './side.js';

/** Depthwise convolutions, on all threads, and their gradients. */
export const depthwiseFeature: Feature = {
  kernels: [
    { name: 'DepthwiseConv2dNative', side: side.depthwiseConv2d },
    {
      name: 'DepthwiseConv2dNativeBackpropFilter',
      side: side.depthwiseFilterGradient,
      composed: composed.depthwiseFilterGradient,
    },
    {
      name: 'DepthwiseConv2dNativeBackpropInput',
      side: side.depthwiseInputGradient,
      composed: composed.depthwiseInputGradient,
    },
  ],
};
