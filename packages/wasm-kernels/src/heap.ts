import type { TensorInfo, TypedArray } from '@tensorflow/tfjs-core';

/** TensorFlow.js's public access to the heap. */
export interface HeapBackend {
  makeOutput(shape: number[], dtype: TensorInfo['dtype']): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): TypedArray;
}

/** Views of tensors on the heap, until something is allocated. */
export function heapViews<Tensors extends TensorInfo[]>(
  backend: object,
  ...tensors: Tensors
): { [I in keyof Tensors]: TypedArray } {
  const heap = backend as HeapBackend;
  // A tensor of another backend is brought here by the first look, which may move the heap away under earlier views.
  for (const tensor of tensors) heap.typedArrayFromHeap(tensor);
  return tensors.map((tensor) => heap.typedArrayFromHeap(tensor)) as { [I in keyof Tensors]: TypedArray };
}
