import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor, SharpnessAwareOptimizer } from '@tfjs-sam/core';
import { MASK } from './mask-filter.js';

/** The slot of a mask, alone or in chains of filters, and the variable's name. */
const slot = new RegExp(`^rule/(?:filter\\d+\\.)*${MASK.replace('.', '\\.')}:(.*)$`);

/**
 * The share of coordinates that the optimizer's current mask, or one of its masks, keeps from moving, in [0, 1].
 *
 * Reads the mask back: for reports between steps, in a callback for instance; no step does it.
 *
 * @param optimizer - One whose filter is a mask of this package, `sparseSam`'s for instance, or a chain with some.
 * @throws Error when it has no mask: before the first step, or with another filter.
 * @example console.log(await maskedFraction(optimizer)); // 0.5
 */
export async function maskedFraction(optimizer: SharpnessAwareOptimizer): Promise<number> {
  const weights = await optimizer.getWeights();
  const masks = masksOf(weights);
  const count = masks.reduce((sum, [{ size }]) => sum + size, 0);
  const total = tf.tidy(() => (masks.length === 0 ? undefined : tf.addN(masks.map(countOfMasked))));
  // Step counts are made for this list; every other tensor in it is the optimizer's own.
  for (const { name, tensor } of weights) if (/(^|\/)iter$/.test(name)) tensor.dispose();
  if (total === undefined) {
    throw new Error(
      'maskedFraction: expected an optimizer with a mask of @tfjs-sam/sparse-sam that has taken a step, got none',
    );
  }
  const [masked] = await total.data();
  total.dispose();
  return masked! / count;
}

type Masks = [tf.Tensor, ...tf.Tensor[]];

/** The masks of each variable. */
function masksOf(weights: readonly NamedTensor[]): Masks[] {
  const byVariable = new Map<string, Masks>();
  for (const { name, tensor } of weights) {
    const variable = slot.exec(name)?.[1];
    if (variable === undefined) continue;
    const known = byVariable.get(variable);
    if (known) known.push(tensor);
    else byVariable.set(variable, [tensor]);
  }
  return [...byVariable.values()];
}

/** Counts the coordinates that some mask keeps from moving. */
function countOfMasked(masks: Masks): tf.Tensor {
  return tf.sum(
    tf.sub(
      1,
      masks.reduce((one, other) => tf.minimum(one, other)),
    ),
  );
}
