import * as tf from '@tensorflow/tfjs-core';
import { type ExampleScope, withExamples, withObjective, withSharedRandomness } from '@tfjs-sam/core';
import type { Manner } from './protocol.js';
import { valuesOf } from './tensors.js';

/** A loss times its share in a batch's mean, so that gradients need only be added up. */
export const shared = (loss: tf.Scalar, share = 1): tf.Scalar => (share === 1 ? loss : tf.mul(loss, share));

/** Evaluates a loss as another thread would; the losses of its examples are told to `examples`, whose owner disposes them. */
export const inManner = (
  { objective, draws, share }: Manner,
  examples: ExampleScope,
  loss: () => tf.Scalar,
): tf.Scalar =>
  withSharedRandomness(draws, () =>
    withObjective(objective, () => withExamples(examples, () => shared(loss(), share))),
  );

/** The examples' weights, on their way to another thread. */
export const packedExamples = ({ weights, factor }: ExampleScope): Manner['examples'] =>
  weights && factor && { weights: valuesOf(weights).slice(), factor: valuesOf(factor)[0]! };

/** The examples' weights as they were packed. */
export const examplesOf = ({ examples }: Manner): ExampleScope =>
  examples ? { weights: tf.tensor1d(examples.weights), factor: tf.scalar(examples.factor) } : {};
