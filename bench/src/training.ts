import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { sgd } from '@tfjs-sam/core';
import type { BenchModel } from './models/index.js';

/** The backend of every table but `gradient` and `threads`: wasm on one thread, with the kernels that the library takes by default. */
export async function prepareTraining(): Promise<string> {
  const { kernels } = await prepareBackend({ backend: 'wasm', threads: 1 });
  return kernels?.implementation ?? 'none';
}

/** Gradients alone, tidied: what any training pays. */
export function gradient({ loss, variables }: Pick<BenchModel, 'loss' | 'variables'>): void {
  tf.tidy(() => void tf.variableGrads(loss, variables));
}

/** The base optimizer of every step that is timed. */
export const base = () => sgd({ learningRate: 1e-4, momentum: 0.9 });

/**
 * What a step of two gradients must cost: one gradient, then a step of the base optimizer. The update is of the
 * gradient just computed, as in any training; from gradients at rest in the cache it would be faster.
 */
export function floorOf(problem: Pick<BenchModel, 'loss' | 'variables'>): () => void {
  const optimizer = base();
  return () => {
    gradient(problem);
    optimizer.minimize(problem.loss, false, problem.variables);
  };
}
