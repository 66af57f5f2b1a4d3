import * as tf from '@tensorflow/tfjs';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';
import type { Values } from './compare.js';
import { type Computation, computations, sideOnly } from './computations.js';
import { onEveryImplementation } from './implementations.js';

/** What the test meddles with: the heap's view and its allocator, which kernels call by this name. */
interface Heap {
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

const heapOf = (): Heap => (tf.backend() as unknown as { wasm: Heap }).wasm;

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
function growing<T>(index: number, f: () => T): { answer: T; allocations: number; grown: number } {
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

/** Makes the backend anew before its heap, which never shrinks, is too large to double five times. */
async function renewLargeBackend(): Promise<void> {
  if (heapOf().HEAPU8.length < 2 ** 26) return;
  const factory = tf.findBackendFactory('wasm');
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', factory, 2);
  await tf.setBackend('wasm');
}

/** Tensors that lie on the heap: reading puts them there. */
function uploaded(inputs: Values[]): tf.Tensor[] {
  return inputs.map(({ data, shape }) => {
    const tensor = tf.tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32');
    tensor.dataSync();
    return tensor;
  });
}

/** Expects the same bits wherever the heap grows inside of f: at up to `most` of its allocations, the last included. */
function expectSameBits(inputs: Values[], f: Computation, most: number): void {
  const tensors = uploaded(inputs);
  const read = () => {
    const outs = tf.tidy(() => f(...tensors));
    const bits = outs.map((t) => t.dataSync().slice());
    tf.dispose(outs);
    return bits;
  };
  // The first run allocates scratch memory for good.
  read();
  const { answer: want, allocations, grown } = growing(0, read);
  expect(grown).toBe(0);
  expect(allocations).toBeGreaterThan(0);
  const every = Math.ceil(allocations / most);
  for (let index = allocations; index >= 1; index -= every) {
    const disturbed = growing(index, read);
    expect(disturbed.grown, `allocation ${index}`).toBeGreaterThan(0);
    expect(disturbed.answer, `allocation ${index}`).toEqual(want);
  }
  expect(read()).toEqual(want);
  tf.dispose(tensors);
}

onEveryImplementation('a heap that grows inside of an allocation', () => {
  beforeEach(renewLargeBackend);

  it.each(computations)('leaves %s as it is', (_name, inputs, f) => {
    expectSameBits(inputs, f, 5);
  });
});

describe.each(['fma', 'plain'] as const)('a heap that grows inside of an allocation, %s kernels', (build) => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    await registerTrainingKernels({ implementation: build });
  });
  beforeEach(renewLargeBackend);

  it.each(sideOnly)('leaves %s as it is', (_name, inputs, f) => {
    expectSameBits(inputs, f, 5);
  });
});
