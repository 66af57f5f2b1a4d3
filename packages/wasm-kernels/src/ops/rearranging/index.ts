import { type GradConfig, reshape, type Tensor, transpose } from '@tensorflow/tfjs-core';
import type { Feature } from '../../feature.js';

/** The way back: every block of an image becomes channels of a pixel. */
const depthToSpaceGradient: GradConfig = {
  kernelName: 'DepthToSpace',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], { blockSize, dataFormat }) => ({
    x: () => {
      const [n, a, b, c] = x!.shape as [number, number, number, number];
      const block = blockSize as number;
      if (dataFormat === 'NCHW') {
        const parts = reshape(dy as Tensor, [n, a / block ** 2, b, block, c, block]);
        return reshape(transpose(parts, [0, 3, 5, 1, 2, 4]), x!.shape);
      }
      const parts = reshape(dy as Tensor, [n, a, block, b, block, c / block ** 2]);
      return reshape(transpose(parts, [0, 1, 3, 2, 4, 5]), x!.shape);
    },
  }),
};

/** Rearranging of images. */
export const rearrangingFeature: Feature = {
  gradients: [depthToSpaceGradient],
  gradientRepairs: [{ op: '`depthToSpace`', wrong: 'has no gradient' }],
};
