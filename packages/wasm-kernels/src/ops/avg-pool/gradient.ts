import {
  backend_util,
  engine,
  type GradConfig,
  getBackend,
  mul,
  type NamedAttrMap,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { exactPadding, poolGeometry, type WindowAttributes } from '../../geometry.js';
import { windowShare } from './windows.js';

type PoolAttributes = WindowAttributes & { filterSize: [number, number] | number };
interface Pool3dAttributes {
  readonly filterSize: [number, number, number] | number;
  readonly strides: [number, number, number] | number;
  readonly pad: number | 'same' | 'valid';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}
type Shape5 = [number, number, number, number, number];

/** tfjs-node's own kernels divide by what lies inside, as the forward pass does; all others by the whole window. */
export const dividesByInside = (): boolean => getBackend() === 'tensorflow';

/** dy such that a division by the whole window is one by the elements inside. */
function adjusted(dy: Tensor, share: Tensor | undefined): Tensor {
  return share && !dividesByInside() ? mul(dy, share) : dy;
}

function avgPoolGradient(dy: Tensor, x: Tensor, attrs: PoolAttributes): Tensor {
  const { filterSize, strides } = attrs;
  const info = poolGeometry(x.shape, filterSize, attrs, dy.shape);
  // Written out, because the kernel is not told how the size was rounded.
  const pad = typeof attrs.pad === 'string' || dividesByInside() ? attrs.pad : exactPadding(info);
  const attributes = { filterSize, strides, pad } as NamedAttrMap;
  return engine().runKernel('AvgPoolGrad', { dy: adjusted(dy, windowShare(info)), input: x }, attributes);
}

function avgPool3dGradient(dy: Tensor, x: Tensor, attrs: Pool3dAttributes): Tensor {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = x.shape as Shape5;
  const info = backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const attributes = { filterSize, strides, pad, dimRoundingMode } as NamedAttrMap;
  return engine().runKernel('AvgPool3DGrad', { dy: adjusted(dy, windowShare(info)), input: x }, attributes);
}

/** Gradients of average pooling that divide, as the pooling does, by the elements inside the input. */
export const avgPoolGradients: readonly GradConfig[] = [
  {
    kernelName: 'AvgPool',
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attrs) => ({
      x: () => avgPoolGradient(dy as Tensor, x!, attrs as unknown as PoolAttributes),
    }),
  },
  {
    kernelName: 'AvgPool3D',
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attrs) => ({
      x: () => avgPool3dGradient(dy as Tensor, x!, attrs as unknown as Pool3dAttributes),
    }),
  },
];
