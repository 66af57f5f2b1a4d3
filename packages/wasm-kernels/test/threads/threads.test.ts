import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unregisterTrainingKernels } from '../../src/index.js';
import { casesOf } from './cases.js';
import { bitsOf, shareAll, useThreads } from './several.js';

beforeAll(async () => {
  shareAll();
  await tf.setBackend('wasm');
});
afterAll(() => unregisterTrainingKernels());

describe.each(['fma', 'plain'] as const)('%s kernels', (build) => {
  it('give the same bits on one, two and four threads', async () => {
    const cases = build === 'fma' ? casesOf(1) : casesOf(0.3);
    await useThreads(1, build);
    const want = cases.map(bitsOf);
    for (const threads of [2, 4]) {
      await useThreads(threads, build);
      for (const [i, each] of cases.entries())
        expect(bitsOf(each), `${each[0]} on ${threads} threads`).toBe(want[i]);
    }
  });
});
