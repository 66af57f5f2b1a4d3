import {
  cast,
  engine,
  type GradConfig,
  mul,
  step,
  type Tensor,
  type TensorInfo,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { isAvailable } from '../../availability.js';
import { input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

/** `SamReluGrad`: dy where x is positive. */
export function reluGradientKernel(call: KernelCall, side: SideModule): TensorInfo {
  const [x, dy] = [input(call, 'x'), input(call, 'dy')];
  const out = side.output(x.shape);
  side.run.reluGradient(side.address(x), side.address(dy), side.address(out), sizeOf(x.shape));
  return out;
}

/** dy where x is positive; x may be the input or the output of the ReLU. */
export function reluGradient(dy: Tensor, x: Tensor): Tensor {
  if (x.dtype !== 'float32' || !isAvailable('SamReluGrad')) return mul(dy, cast(step(x), 'float32'));
  return engine().runKernel('SamReluGrad', { x, dy });
}

/** The gradients of `relu`, and of that gradient. */
export const reluGradients: readonly GradConfig[] = [
  {
    kernelName: 'Relu',
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => reluGradient(dy as Tensor, x!) }),
  },
  {
    kernelName: 'SamReluGrad',
    inputsToSave: ['x'],
    gradFunc: (ddx, [x]) => ({ dy: () => reluGradient(ddx as Tensor, x!), x: () => zerosLike(x!) }),
  },
];
