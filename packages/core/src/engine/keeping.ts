import * as tf from '@tensorflow/tfjs-core';
import { nextTensorId } from './reference.js';

/**
 * Runs `f` and notes the tensors of its own that it keeps (`tf.keep`), in whichever scope: TensorFlow.js has no event for
 * it. Those that its tape keeps for the backward pass are among them, until that disposes them.
 *
 * @param kept - Where to note them.
 */
export function notingKept<T>(kept: tf.Tensor[], f: () => T): T {
  const engine = tf.engine();
  const own = Object.hasOwn(engine, 'keep');
  const { keep } = engine;
  const first = nextTensorId();
  engine.keep = <T extends tf.Tensor>(tensor: T): T => {
    if (tensor.id >= first) kept.push(tensor);
    keep.call(engine, tensor);
    return tensor;
  };
  try {
    return f();
  } finally {
    if (own) engine.keep = keep;
    else delete (engine as { keep?: unknown }).keep;
  }
}

/** The property that makes two objects one tensor to TensorFlow.js. */
const identity = ['dataId', 'id', 'kept', 'scopeId', 'isDisposedInternal'] as const;

/**
 * Frees a tensor and makes the object stand for another one of its shape and type: both objects are then one tensor, which
 * may be disposed by either.
 */
export function standInFor(object: tf.Tensor, tensor: tf.Tensor): void {
  object.dispose();
  const fields = tensor as unknown as Record<string, unknown>;
  for (const key of identity)
    Object.defineProperty(object, key, {
      configurable: true,
      enumerable: true,
      get: () => fields[key],
      set: (value) => {
        fields[key] = value;
      },
    });
}
