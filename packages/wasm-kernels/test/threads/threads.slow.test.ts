import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unregisterTrainingKernels } from '../../src/index.js';
import { casesOf } from './cases.js';
import { bitsOf, shareAll, useThreads } from './several.js';

beforeAll(async () => {
  shareAll();
  await tf.setBackend('wasm');
});
afterAll(() => unregisterTrainingKernels());

it.each(['fma', 'plain'] as const)('any number of threads gives the same bits, %s kernels', async (build) => {
  const cases = casesOf(20);
  await useThreads(1, build);
  const want = cases.map(bitsOf);
  for (const threads of [2, 3, 4, 7]) {
    await useThreads(threads, build);
    for (const [i, each] of cases.entries())
      expect(bitsOf(each), `${each[0]} on ${threads} threads`).toBe(want[i]);
  }
});
