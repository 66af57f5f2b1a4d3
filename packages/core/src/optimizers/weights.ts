import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor } from '../oracle/state.js';

/** A slot of TensorFlow.js's optimizers, found by its place in a list. */
interface TfjsSlot {
  readonly originalName: string;
  readonly variable: tf.Variable;
}

/** What `tf.train.adamax` has at run time; its declaration hides it. */
interface Adamax {
  readonly accBeta1: tf.Variable;
  readonly iteration: tf.Variable;
  accumulatedFirstMoment: TfjsSlot[];
  accumulatedWeightedInfNorm: TfjsSlot[];
  saveIterations(): Promise<NamedTensor>;
  extractIterations(weights: readonly NamedTensor[]): Promise<NamedTensor[]>;
}

/** What an optimizer remembers: its own `getWeights`, or what stands in for the one that `tf.train.adamax` lacks. */
export async function weightsOf(optimizer: tf.Optimizer): Promise<NamedTensor[]> {
  const adamax = asAdamax(optimizer);
  if (adamax === undefined) return optimizer.getWeights();
  const slots = [...adamax.accumulatedFirstMoment, ...adamax.accumulatedWeightedInfNorm];
  return [
    await adamax.saveIterations(),
    // The very numbers, not made again from the step count as for Adam: a skipped step leaves them behind it.
    { name: 'accBeta1', tensor: adamax.accBeta1 },
    { name: 'iteration', tensor: adamax.iteration },
    ...slots.map(({ originalName, variable }) => ({ name: originalName, tensor: variable })),
  ];
}

/** Restores what `weightsOf` gave. The tensors stay the caller's. */
export async function restoreWeights(optimizer: tf.Optimizer, weights: NamedTensor[]): Promise<void> {
  const adamax = asAdamax(optimizer);
  if (adamax === undefined) return optimizer.setWeights(weights);
  const [accBeta1, iteration, ...slots] = await adamax.extractIterations(weights);
  adamax.accBeta1.assign(accBeta1!.tensor as tf.Tensor<tf.Rank.R0>);
  adamax.iteration.assign(iteration!.tensor as tf.Tensor<tf.Rank.R0>);
  const restored = slots.map(({ name, tensor }) => ({
    originalName: name,
    variable: tf.tidy(() => tf.variable(tf.clone(tensor), false)),
  }));
  for (const { variable } of [...adamax.accumulatedFirstMoment, ...adamax.accumulatedWeightedInfNorm])
    variable.dispose();
  adamax.accumulatedFirstMoment = restored.slice(0, restored.length / 2);
  adamax.accumulatedWeightedInfNorm = restored.slice(restored.length / 2);
}

function asAdamax(optimizer: tf.Optimizer): Adamax | undefined {
  // Not `instanceof`, which TensorFlow.js makes true for every pair of optimizer and optimizer class.
  const type: unknown = optimizer.constructor;
  return type === tf.AdamaxOptimizer ? (optimizer as unknown as Adamax) : undefined;
}
