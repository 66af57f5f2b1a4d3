import { engine, type TensorInfo, type TypedArray } from '@tensorflow/tfjs-core';
import type { HeapBackend } from '../../heap.js';
import { sizeOf } from '../../kernel.js';
import type { Patch } from '../../patches.js';

/** The numbers of a complex tensor on the heap: real and imaginary parts in turn. Until something is allocated. */
export function pairsOf(backend: object, { dataId, shape }: TensorInfo): Float32Array {
  const flat: TensorInfo = { dataId, shape: [2 * sizeOf(shape)], dtype: 'float32' };
  return (backend as HeapBackend).typedArrayFromHeap(flat) as Float32Array;
}

type ReadSync = (this: object, dataId: object, start?: number, end?: number) => unknown;

/** TensorFlow.js's `readSync` of the wasm backend, which knows no complex numbers, with them. */
function readingPairs(original: ReadSync): ReadSync {
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

/** The `readSync` of the wasm backend's class. */
export const complexReading: Patch = {
  // Only where it has started: gradients are registered without it, too.
  owner: () => {
    const { wasm } = engine().registry;
    return wasm && (Object.getPrototypeOf(wasm) as object);
  },
  method: 'readSync',
  wrap: readingPairs,
};
