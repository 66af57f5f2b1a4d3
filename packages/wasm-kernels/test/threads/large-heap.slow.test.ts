import { freemem } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unregisterTrainingKernels } from '../../src/index.js';
import { casesOf } from './cases.js';
import { bitsOf, shareAll, useThreads } from './several.js';

const GB = 2 ** 30;
const heap = (): number => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length;

beforeAll(async () => {
  shareAll();
  await tf.setBackend('wasm');
});
afterAll(() => unregisterTrainingKernels());

it.skipIf(freemem() < 4 * GB)('one thread and two give the same bits beyond 2 GB of heap', async () => {
  const cases = casesOf(0.3);
  // A heap that threads share, from the first tensor on.
  await useThreads(2);
  const want = cases.map(bitsOf);
  const kept: tf.Tensor[] = [];
  while (heap() < 2.2 * GB) kept.push(tf.fill([2 ** 24], 1));
  for (const threads of [1, 2]) {
    await useThreads(threads);
    for (const [i, each] of cases.entries())
      expect(bitsOf(each), `${each[0]} on ${threads} threads`).toBe(want[i]);
  }
  tf.dispose(kept);
});
