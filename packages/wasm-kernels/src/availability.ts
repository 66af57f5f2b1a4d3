import { engine, getBackend, getKernel } from '@tensorflow/tfjs-core';

/** True where a kernel runs on the active backend. */
export const isAvailable = (name: string): boolean => Boolean(getKernel(name, getBackend()));

/**
 * True where a gradient may be taken of a gradient. The fused kernels have no second derivatives: inside of two gradients,
 * operations take the way of several kernels.
 */
export const isNested = (): boolean => engine().state.gradientDepth > 1;

/** True where a kernel without second derivatives may run: on the active backend, and not inside of two gradients. */
export const isUsable = (name: string): boolean => isAvailable(name) && !isNested();
