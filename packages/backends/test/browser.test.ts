import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@tfjs-sam/testing/browser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, buildWithEsbuild, expectTrained, TOLERANCE } from './built-page.js';

const folder = mkdtempSync(join(tmpdir(), 'built-page-'));
let bundle: Awaited<ReturnType<typeof buildWithEsbuild>>;
beforeAll(async () => {
  bundle = await buildWithEsbuild(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

it('is bundled for a page by esbuild, without a module of Node', () => {
  expect(bundle).toEqual({ imports: [], warnings: [] });
});

describe.skipIf(!chromium)('a page in Chromium (set CHROMIUM to its path)', () => {
  const isolation = {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  };

  it('trains with the fast kernels on wasm, and doctor knows what there is', async () => {
    const answer = await answerOf(folder, '');
    expectTrained(answer);
    expect(answer.implementation).toMatch(/fma|plain/);
    const absent = ['tfjs-node-gpu', 'tfjs-node', 'webgpu'];
    expect(answer.log.slice(0, -1)).toEqual([
      ...absent.map((name) => `${name}: not taken, works in Node only`),
      expect.stringMatching(/^webgl: not taken, has none of our kernels: only where it is asked for/),
    ]);
    expect(answer.report).toEqual([
      expect.stringMatching(/^machine: a browser/),
      expect.stringMatching(/^runtime: .*TensorFlow\.js 4\.22\.0$/),
      ...absent.map((name) => `- ${name}: works in Node only`),
      expect.stringMatching(/^- webgl: has none of our kernels/),
      expect.stringMatching(/^\+ wasm: WebAssembly SIMD/),
      expect.stringMatching(/^\+ cpu: plain JavaScript/),
      'taken by default: wasm',
    ]);
  });

  it('takes cpu where the binaries of wasm are not served, and says what helps', async () => {
    const { backend, log, report } = await answerOf(folder, 'no-binaries');
    expect(backend).toBe('cpu');
    expect(log[4]).toMatch(/^wasm: not taken, .*say where they are with setWasmPaths$/);
    expect(report.at(-1)).toBe('taken by default: cpu');
  });

  it('trains on webgl where it is asked for', async () => {
    const { backend, losses, log } = await answerOf(folder, 'webgl');
    expect(backend).toBe('webgl');
    expect(log).toEqual(['webgl: taken, WebGL, gradients repaired']);
    for (const [i, loss] of losses.taken.entries())
      expect(Math.abs(loss - losses.cpu[i]!)).toBeLessThan(100 * TOLERANCE);
  });

  it('trains with the fast kernels where it is cross-origin isolated, on two threads where they are asked for', async () => {
    const single = await answerOf(folder, '', isolation);
    expect(single.isolated).toBe(true);
    expectTrained(single);
    expect(single.implementation).toMatch(/fma|plain/);
    const threaded = await answerOf(folder, 'threads', isolation);
    expectTrained(threaded);
    expect(threaded).toMatchObject({ threads: 2, implementation: single.implementation });
    expect(threaded.losses.taken).toEqual(single.losses.taken);
  });
});
