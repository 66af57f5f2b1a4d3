import * as tf from '@tensorflow/tfjs-core';
import { runsAtHand } from '../algebra/runs.js';
import { weigh } from './examples.js';

/** The loss that a closure returned, or the mean of the examples' losses, when it is one. @throws TypeError, which says what was returned and what to do. */
export function requireLoss(owner: string, value: unknown): tf.Scalar {
  const expected = `${owner}: expected the loss to return a float32 Scalar`;
  if (value instanceof Promise) {
    // Its outcome is nobody's: it must not end the process.
    value.catch(() => {});
    throw new TypeError(
      `${expected}, got a Promise. A loss is not async: await what it needs before the step, and close over it.`,
    );
  }
  if (!(value instanceof tf.Tensor))
    throw new TypeError(`${expected}, got ${value === undefined ? 'undefined: does it return?' : value}`);
  if (value.isDisposed)
    throw new TypeError(
      `${expected}, got a tensor that is disposed. Return it from a tf.tidy, not out of one.`,
    );
  if (value.dtype !== 'float32')
    throw new TypeError(`${expected}, got one of dtype ${value.dtype}, which has no gradient. tf.cast it.`);
  const runs = runsAtHand();
  if (runs) {
    if (value.rank !== 1 || value.size !== runs.count)
      throw new TypeError(
        `${owner}: expected the loss to return one value for each of the ${runs.count} runs, [${runs.count}], got a tensor of shape [${value.shape}]`,
      );
    // Each run's gradient is that of its own loss.
    return tf.sum(weigh(value)) as tf.Scalar;
  }
  // The losses of the examples.
  if (value.rank === 1) return tf.mean(weigh(value)) as tf.Scalar;
  if (value.rank !== 0)
    throw new TypeError(`${expected}, got a tensor of shape [${value.shape}]. Take its tf.mean or tf.sum.`);
  return value as tf.Scalar;
}

/**
 * Says what a tensor that is gone in the middle of a step was gone by: the closure itself, most likely.
 */
export function explainDisposed(owner: string, error: unknown): unknown {
  // The second is what TensorFlow.js says of a tensor that is gone when a gradient needs it.
  if (!(error instanceof Error) || !/disposed|reading 'backend'/i.test(error.message)) return error;
  return new Error(
    `${owner}: ${error.message} The loss is evaluated several times a step, and what it reads has to be there until the step is over: dispose of batches after minimize, not in the loss.`,
    { cause: error },
  );
}
