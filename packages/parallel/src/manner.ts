import * as tf from '@tensorflow/tfjs-core';
import { withObjective, withSharedRandomness } from '@tfjs-sam/core';
import type { Manner } from './protocol.js';

/** A loss times its share in a batch's mean, so that gradients need only be added up. */
export const shared = (loss: tf.Scalar, share = 1): tf.Scalar => (share === 1 ? loss : tf.mul(loss, share));

/** Evaluates a loss as another thread would. */
export const inManner = ({ objective, draws, share }: Manner, loss: () => tf.Scalar): tf.Scalar =>
  withSharedRandomness(draws, () => withObjective(objective, () => shared(loss(), share)));
