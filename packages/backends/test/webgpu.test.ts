import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { prepareBackend } from '../src/index.js';
import { locate } from '../src/probe.js';
import { startWebgpu } from '../src/webgpu.js';
import { LASTING_GLOBALS } from '../src/webgpu-globals.js';
import { trainSmall } from './small-training.js';

/** A folder in which `webgpu` and `@tensorflow/tfjs-backend-webgpu` are installed: see the README. */
const installed = process.env.TFJS_SAM_WEBGPU_FROM;

it('says how to install what is missing', async () => {
  await expect(startWebgpu({ resolveFrom: tmpdir() }, false)).rejects.toThrow(/npm install "webgpu@/);
});

describe.skipIf(!installed)('with webgpu installed', () => {
  it('trains like cpu when it is forced, and leaves no navigator.gpu behind', async () => {
    await prepareBackend('cpu');
    const { weights: want } = await trainSmall();
    const { attempts } = await prepareBackend({ backend: 'webgpu', resolveFrom: installed! });
    expect(attempts[0]?.message).toMatch(/^webgpu: taken, WebGPU on /);
    expect(tf.getBackend()).toBe('webgpu');
    expect(Reflect.get(globalThis.navigator ?? {}, 'gpu')).toBeUndefined();
    const { weights: got } = await trainSmall();
    const worst = Math.max(...want.flatMap((w, i) => w.map((v, j) => Math.abs(v - got[i]![j]!))));
    // Three steps of gradients that sum up to 12 · 36 terms.
    expect(worst).toBeLessThan(3 * 432 * 2 ** -24);
  });

  it('names no globals of WebGPU but those that stay', () => {
    const code = readFileSync(locate('@tensorflow/tfjs-backend-webgpu', installed!)!, 'utf8');
    const statements = code.replace(/^\s*(\/\/|\*).*/gm, '');
    const own = [...statements.matchAll(/\bfunction (GPU\w+)/g)].map(([, name]) => name);
    const named = new Set([...statements.matchAll(/\bGPU[A-Z]\w+/g)].map(([name]) => name));
    expect([...named].filter((name) => !own.includes(name)).sort()).toEqual([...LASTING_GLOBALS]);
  });

  it('is not taken by default on a software adapter', async () => {
    const started = startWebgpu({ resolveFrom: installed! }, false);
    await started.then(
      ({ message }) => expect(message).not.toMatch(/software/),
      (error: Error) => expect(error.message).toMatch(/software adapter|finds no GPU/),
    );
  });
});
