import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { chromium, openInChromium } from '@tfjs-sam/testing/browser';
import { afterAll, expect, it } from 'vitest';
import { bundled, bundleFolder } from './bundle.js';
import type { Answer } from './platforms/check.js';

const here = dirname(fileURLToPath(import.meta.url));
const { folder, remove } = bundleFolder();
afterAll(remove);

/** Sums of some hundred products of numbers below 10. */
const TOLERANCE = 300 * 100 * 2 ** -24;

function expectRight(answer: Answer): void {
  expect(answer).toMatchObject({ implementation: expect.stringMatching(/fma|plain/) });
  expect(answer.kernels).toEqual(expect.arrayContaining(['SamLstm', 'SamDense', 'SamBatchNorm']));
  expect(answer.difference).toBeLessThan(TOLERANCE);
  for (const { grown, sameBits } of answer.disturbed) {
    expect(grown).toBeGreaterThan(0);
    expect(sameBits).toBe(true);
  }
}

it('works in a worker thread', async () => {
  const worker = new Worker(await bundled(join(here, 'platforms', 'node-worker.ts'), folder), {
    stderr: true,
  });
  const answer = await new Promise<Answer>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
  expectRight(answer);
});

it.skipIf(!chromium)(
  'works in Chromium (set CHROMIUM to its path), in a page and in a Web Worker',
  async () => {
    const browser = await openInChromium(join(here, 'platforms', 'page.ts'));
    try {
      const { page, worker } = (await browser.visit()) as Record<'page' | 'worker', Answer>;
      expectRight(page);
      expectRight(worker);
    } finally {
      await browser.close();
    }
  },
  120_000,
);
