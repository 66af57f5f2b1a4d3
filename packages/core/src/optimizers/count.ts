import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor } from '../oracle/slots.js';

/** The name of the step count. */
export const COUNT = 'iter';

/** True of a step count's name, at any depth. */
export const isCount = (name: string) => name === COUNT || name.endsWith(`/${COUNT}`);

/** The step count as TensorFlow.js saves it, before everything else. */
export function countOf(optimizer: tf.Optimizer): NamedTensor {
  return { name: COUNT, tensor: tf.scalar(optimizer.iterations, 'int32') };
}

/** Sets the step count, which TensorFlow.js declares as protected. */
export function setCount(optimizer: tf.Optimizer, count: number): void {
  (optimizer as unknown as { iterations_: number }).iterations_ = count;
}
