import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor } from '../oracle/state.js';

const COUNT = 'iter';

/** True of a step count's name, at any depth. */
export const isCount = (name: string) => name === COUNT || name.endsWith(`/${COUNT}`);

/** The step count as TensorFlow.js saves it, before everything else. */
export function countOf(optimizer: tf.Optimizer): NamedTensor {
  return { name: COUNT, tensor: tf.scalar(optimizer.iterations, 'int32') };
}

/** Takes the step count off the front. @throws Error when it is missing, or no whole number >= 0. */
export async function takeCount(
  owner: string,
  weights: readonly NamedTensor[],
): Promise<{ count: number; rest: readonly NamedTensor[] }> {
  const [first, ...rest] = weights;
  if (first?.name !== COUNT)
    throw new Error(
      `${owner}: expected a state that begins with "${COUNT}", got ${first?.name ?? 'nothing'}`,
    );
  return { count: await wholeNumber(owner, first), rest };
}

/** The number that a tensor is. @throws RangeError when it is not one whole number >= 0. */
export async function wholeNumber(owner: string, { name, tensor }: NamedTensor): Promise<number> {
  const [count, ...others] = await tensor.data();
  if (others.length > 0 || !Number.isInteger(count) || count! < 0)
    throw new RangeError(
      `${owner}: expected "${name}" to be one whole number >= 0, got ${[count, ...others].slice(0, 12)}`,
    );
  return count!;
}

/** Sets the step count, which TensorFlow.js declares as protected. */
export function setCount(optimizer: tf.Optimizer, count: number): void {
  (optimizer as unknown as { iterations_: number }).iterations_ = count;
}
