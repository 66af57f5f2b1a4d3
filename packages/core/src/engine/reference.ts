import * as tf from '@tensorflow/tfjs-core';

/**
 * A second tensor of the same data, which no tape records and no scope disposes: `tf.keep(tf.clone(tensor))` inside a
 * loss would be a part of its gradient, and look like something that the loss keeps. The caller disposes it.
 */
export function referenceTo<T extends tf.Tensor>(tensor: T): T {
  const engine = tf.engine();
  const { dataId, shape, dtype } = tensor;
  const backend = engine.state.tensorInfo.get(dataId)?.backend;
  if (backend === undefined) throw new Error('Tensor is disposed.');
  backend.incRef(dataId);
  const reference = engine.makeTensorFromTensorInfo({ dataId, shape, dtype }, backend);
  reference.kept = true;
  return reference as T;
}

/** A number above the ids of all tensors so far, and below those of all to come. */
export function nextTensorId(): number {
  return (tf.engine() as unknown as { nextTensorId(): number }).nextTensorId();
}
