import * as tf from '@tensorflow/tfjs-core';
import type { Packed } from './protocol.js';

/** The hidden members that the wasm and cpu backends have in common. */
interface HostBackend {
  typedArrayFromHeap?(tensor: tf.Tensor): Float32Array;
  readonly data?: { get(dataId: object): { values?: tf.TypedArray } };
}
const backend = () => tf.backend() as unknown as HostBackend;

/** The values of a float32 tensor: where they are, without a copy, on wasm. To be read at once. */
export function valuesOf(tensor: tf.Tensor): Float32Array {
  // Leaves of this package live in host memory: there is no device to wait for.
  return backend().typedArrayFromHeap?.(tensor) ?? (tensor.dataSync() as Float32Array);
}

/** A tensor of values in shared memory, which others will write to. */
export function received(values: Float32Array, shape: readonly number[]): tf.Tensor {
  // wasm copies them to its heap; cpu keeps the array.
  const copied = backend().typedArrayFromHeap !== undefined;
  return tf.tensor(copied ? values : values.slice(), [...shape]);
}

/** Writes values into a tensor that was handed out before they were known. */
export function overwrite(tensor: tf.Tensor, values: Float32Array): void {
  const { typedArrayFromHeap, data } = backend();
  if (typedArrayFromHeap) typedArrayFromHeap.call(tf.backend(), tensor).set(values);
  else data!.get(tensor.dataId).values = values.slice();
}

/** True where the active backend keeps its values in this machine's memory. */
export const isHostBackend = (name: string): boolean => name === 'wasm' || name === 'cpu';

/** A copy of a tensor for another thread. */
export function packed(tensor: tf.Tensor): Packed {
  const { dtype, shape } = tensor;
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
    throw new TypeError(`parallel: expected a batch of float32, int32 or bool, got ${dtype}`);
  return { shape, dtype, values: valuesOf(tensor).slice() as Float32Array<ArrayBuffer> };
}

/** The tensor that was packed. The caller disposes it. */
export function unpacked({ values, shape, dtype }: Packed): tf.Tensor {
  return tf.tensor(values, [...shape], dtype);
}
