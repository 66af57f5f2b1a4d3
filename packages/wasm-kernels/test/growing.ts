import * as tf from '@tensorflow/tfjs';

/** What is meddled with: the heap's view and its allocator, which kernels call by this name. */
interface Heap {
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

const heapOf = (): Heap => (tf.backend() as unknown as { wasm: Heap }).wasm;

export const heapSize = (): number => heapOf().HEAPU8.length;

/** More than is free anywhere: a megabyte fits in no hole among small blocks, and so lies where the free end begins. */
function moreThanFree(heap: Heap, malloc: Heap['_malloc']): number {
  const probe = malloc(1 << 20) >>> 0;
  heap._free(probe);
  return heap.HEAPU8.length - probe;
}

/**
 * Runs f while the heap grows inside the allocation that is number `index`, from 1. Returns f's answer, the number of
 * allocations, and by how many bytes the heap grew.
 */
export function growing<T>(index: number, f: () => T): { answer: T; allocations: number; grown: number } {
  const heap = heapOf();
  const malloc = heap._malloc;
  const before = heap.HEAPU8.length;
  let allocations = 0;
  heap._malloc = (bytes) => {
    allocations++;
    return malloc(allocations === index ? Math.max(bytes, moreThanFree(heap, malloc)) : bytes);
  };
  try {
    return { answer: f(), allocations, grown: heap.HEAPU8.length - before };
  } finally {
    heap._malloc = malloc;
  }
}
