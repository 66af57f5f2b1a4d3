import * as tf from '@tensorflow/tfjs-core';
import { nextTensorId } from './reference.js';

const ids = new WeakMap<object, number>();
let count = 0;

/** A number for data of the outside world. */
function numberOf(dataId: object): number {
  const known = ids.get(dataId);
  if (known !== undefined) return known;
  ids.set(dataId, count);
  return count++;
}

/** FNV-1a over the values' bits. */
function hash(values: ArrayLike<unknown>): number {
  const words =
    values instanceof Float32Array
      ? new Int32Array(values.buffer, values.byteOffset, values.length)
      : values instanceof Int32Array
        ? values
        : undefined;
  let result = 0x811c9dc5;
  for (let i = 0; i < values.length; i++)
    result = Math.imul(result ^ (words ? words[i]! : Number(values[i]) | 0), 0x01000193);
  return result;
}

/**
 * Runs a loss and notes what it computes, beside the values of the variables: the operations with their attributes, the
 * tensors of others that they read, and the numbers that it makes tensors of. Nothing is read from the device.
 *
 * @returns What `f` gives, and the fingerprint: of two runs of one function over the same data it is the same.
 */
export function fingerprint<T>(f: () => T): { readonly result: T; readonly print: string } {
  const engine = tf.engine();
  const { runKernel, makeTensor } = engine;
  const own = Object.getOwnPropertyDescriptors(engine) as Partial<Record<string, PropertyDescriptor>>;
  const first = nextTensorId();
  const parts: unknown[] = [];
  const outside = (tensor: tf.Tensor) =>
    tensor.id < first && !(tensor instanceof tf.Variable) ? numberOf(tensor.dataId) : -1;
  engine.runKernel = ((kernel: string, inputs: tf.NamedTensorMap, attrs?: object) => {
    const read = Object.values(inputs).flatMap((input) =>
      (Array.isArray(input) ? (input as tf.Tensor[]) : input ? [input] : []).map(outside),
    );
    parts.push(kernel, read, attrs ?? 0);
    return runKernel.call(engine, kernel, inputs, attrs as tf.NamedAttrMap);
  }) as typeof runKernel;
  engine.makeTensor = (values, shape, dtype, backend) => {
    parts.push(shape, dtype, hash(values as ArrayLike<unknown>));
    return makeTensor.call(engine, values, shape, dtype, backend);
  };
  try {
    return { result: f(), print: JSON.stringify(parts) };
  } finally {
    restore(engine, 'runKernel', own.runKernel);
    restore(engine, 'makeTensor', own.makeTensor);
  }
}

/** Puts a method back: the object's own, or its class's. */
function restore(object: object, name: string, own: PropertyDescriptor | undefined): void {
  if (own) Object.defineProperty(object, name, own);
  else delete (object as Record<string, unknown>)[name];
}
