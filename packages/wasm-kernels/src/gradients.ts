import {
  cast,
  engine,
  getBackend,
  getKernel,
  mul,
  registerGradient,
  step,
  type Tensor,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { isNested } from './nested-gradients.js';

// Gradients are registered for all backends at once: each must be right on those that lack our kernels, too.

/** Whether a kernel runs on the active backend. */
export const isAvailable = (name: string): boolean => Boolean(getKernel(name, getBackend()));

/** Whether a kernel without second derivatives may run: on the active backend, and not inside of two gradients. */
export const isUsable = (name: string): boolean => isAvailable(name) && !isNested();

/** dy where x is positive; x may be the input or the output of the ReLU. */
export function reluGradient(dy: Tensor, x: Tensor): Tensor {
  if (x.dtype !== 'float32' || !isAvailable('SamReluGrad')) return mul(dy, cast(step(x), 'float32'));
  return engine().runKernel('SamReluGrad', { x, dy });
}

/** Registers the gradients that use our kernels where they are available. */
export function registerGradients(): void {
  registerGradient({
    kernelName: 'Relu',
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => reluGradient(dy as Tensor, x!) }),
  });
  registerGradient({
    kernelName: 'SamReluGrad',
    inputsToSave: ['x'],
    gradFunc: (ddx, [x]) => ({ dy: () => reluGradient(ddx as Tensor, x!), x: () => zerosLike(x!) }),
  });
  registerGradient({
    kernelName: 'SamBatchNorm',
    inputsToSave: ['x', 'gamma'],
    outputsToSave: [false, true, true],
    gradFunc: (dys, [x, gamma, mean, variance], attrs) => {
      const [dy, dMean, dVariance] = dys as Tensor[];
      const inputs = {
        x: x!,
        gamma: gamma!,
        mean: mean!,
        variance: variance!,
        dy: dy!,
        dMean: dMean!,
        dVariance: dVariance!,
      };
      const [dx, dGamma, dBeta] = engine().runKernel('SamBatchNormGrad', inputs, attrs) as unknown as [
        Tensor,
        Tensor,
        Tensor,
      ];
      return { x: () => dx, gamma: () => dGamma, beta: () => dBeta };
    },
  });
}
