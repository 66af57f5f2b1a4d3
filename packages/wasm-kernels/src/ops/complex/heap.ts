import type { TensorInfo, TypedArray } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../kernel.js';
import type { HeapBackend } from '../../repairs/heap.js';

/** The numbers of a complex tensor on the heap: real and imaginary parts in turn. Until something is allocated. */
export function pairsOf(backend: object, { dataId, shape }: TensorInfo): Float32Array {
  const flat: TensorInfo = { dataId, shape: [2 * sizeOf(shape)], dtype: 'float32' };
  return (backend as HeapBackend).typedArrayFromHeap(flat) as Float32Array;
}

type ReadSync = (this: object, dataId: object, start?: number, end?: number) => unknown;

/** TensorFlow.js's `readSync` of the wasm backend, which knows no complex numbers, with them. */
export function readingPairs(original: ReadSync): ReadSync {
  return function readSync(dataId, start, end) {
    const { dtype, shape } = entry(this, dataId) ?? {};
    if (dtype !== 'complex64' || !shape) return original.call(this, dataId, start, end);
    return pairsOf(this, { dataId, shape, dtype }).slice(2 * (start ?? 0), end && 2 * end) as TypedArray;
  };
}

interface Entry {
  readonly dtype: TensorInfo['dtype'];
  readonly shape: number[];
}

const entry = (backend: object, dataId: object): Entry | undefined =>
  (backend as { dataIdMap?: { get(dataId: object): Entry } }).dataIdMap?.get(dataId);

/** Prototypes whose `readSync` was replaced. */
const replaced = new WeakSet<object>();

/** Makes backends of this one's class read complex numbers. */
export function readComplexNumbers(backend: object): void {
  const prototype = Object.getPrototypeOf(backend) as { readSync: ReadSync };
  if (replaced.has(prototype)) return;
  replaced.add(prototype);
  prototype.readSync = readingPairs(prototype.readSync);
}
