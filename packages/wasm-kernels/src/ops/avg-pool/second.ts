import {
  div,
  engine,
  type GradConfig,
  type NamedAttrMap,
  type Tensor,
  zerosLike,
} from '@tensorflow/tfjs-core';
import {
  poolGeometry,
  type VolumeAttributes,
  volumeGeometry,
  type WindowAttributes,
} from '../../geometry.js';
import { dividesByInside } from './gradient.js';
import { type ConvInfo3d, windowShare } from './windows.js';

/** The pooling whose gradient's kernel this is: it divides by the whole window but on tfjs-node. */
function pooled(kernelName: string, ddx: Tensor, attrs: NamedAttrMap, share: Tensor | undefined): Tensor {
  const mean: Tensor = engine().runKernel(kernelName, { x: ddx }, attrs);
  return share && !dividesByInside() ? div(mean, share) : mean;
}

/** Gradients of the kernels of the gradients of average pooling. */
export const secondGradients: readonly GradConfig[] = [
  {
    kernelName: 'AvgPoolGrad',
    inputsToSave: ['input'],
    gradFunc: (ddx, [input], attrs) => {
      const how = attrs as unknown as WindowAttributes & { filterSize: [number, number] | number };
      const share = windowShare(poolGeometry(input!.shape, how.filterSize, how));
      return { dy: () => pooled('AvgPool', ddx as Tensor, attrs, share), input: () => zerosLike(input!) };
    },
  },
  {
    kernelName: 'AvgPool3DGrad',
    inputsToSave: ['input'],
    gradFunc: (ddx, [input], attrs) => {
      const info = volumeGeometry(input!.shape, attrs as unknown as VolumeAttributes) as ConvInfo3d;
      const whole = { dataFormat: 'NDHWC', ...attrs };
      return {
        dy: () => pooled('AvgPool3D', ddx as Tensor, whole, windowShare(info)),
        input: () => zerosLike(input!),
      };
    },
  },
];
