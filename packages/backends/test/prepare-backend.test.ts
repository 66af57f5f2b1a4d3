import * as tf from '@tensorflow/tfjs';
import { afterEach, expect, it, vi } from 'vitest';
import { backendNames, prepareBackend } from '../src/index.js';

const backendList = '[tfjs-node-gpu, tfjs-node, webgpu, webgl, wasm, cpu]';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it('tries all in order, takes wasm with the training kernels, and says why not the others', async () => {
  const lines: string[] = [];
  const { backend, attempts, kernels } = await prepareBackend({ log: (line) => lines.push(line) });
  expect(backend).toBe('wasm');
  expect(tf.getBackend()).toBe('wasm');
  expect(kernels?.implementation).toMatch(/fma|plain/);
  expect(attempts.map((a) => a.backend)).toEqual(backendNames.slice(0, 5));
  expect(attempts.map((a) => a.taken)).toEqual([false, false, false, false, true]);
  expect(lines).toEqual(attempts.map((a) => a.message));
  for (const line of lines.slice(0, 4)) expect(line).toMatch(/: not taken, .+/);
  expect(lines[4]).toMatch(/^wasm: taken, .* training kernels/);
});

it('keeps to plain SIMD when asked for determinism', async () => {
  const { kernels } = await prepareBackend({ backend: 'wasm', deterministic: true });
  expect(kernels?.implementation).toBe('plain');
});

it('works on as many threads as it is told, by option or environment', async () => {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  vi.stubEnv('TFJS_SAM_THREADS', '3');
  expect((await prepareBackend({ backend: 'wasm', log })).kernels?.threads).toBe(3);
  expect((await prepareBackend({ backend: 'wasm', threads: 1, log })).kernels?.threads).toBe(1);
  expect(lines).toEqual([expect.stringMatching(/up to 3 threads$/), expect.stringMatching(/1 thread$/)]);
  vi.stubEnv('TFJS_SAM_THREADS', 'many');
  await expect(prepareBackend()).rejects.toThrow(
    new RangeError('TFJS_SAM_THREADS: expected a whole number from 1 to 64, got "many"'),
  );
});

it('takes cpu when asked, and says what that costs', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  const lines: string[] = [];
  const { backend } = await prepareBackend({ backend: 'cpu', log: (line) => lines.push(line) });
  expect(backend).toBe('cpu');
  expect(tf.getBackend()).toBe('cpu');
  expect(lines).toEqual([
    expect.stringMatching(/times slower in training than wasm.*but for matMul of stacks/),
  ]);
  expect(warn).not.toHaveBeenCalled();
  // Gradients that cpu lacks or has wrong.
  expect([
    ...tf
      .grad((x) => tf.cumsum(x, 0))(tf.ones([2, 1]))
      .dataSync(),
  ]).toEqual([2, 1]);
});

it('falls back to cpu with a warning where wasm does not start', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  const built = await import('../src/starters.js');
  vi.spyOn(built.starters, 'wasm').mockRejectedValue(new Error('no SIMD'));
  const { backend } = await prepareBackend();
  expect(backend).toBe('cpu');
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('wasm: not taken, no SIMD'));
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('times slower'));
});

it('warns of cpu also where it was asked for, unless somebody listens', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  await prepareBackend('cpu');
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('times slower'));
});

it('warns of wasm without the side module', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  await prepareBackend('wasm');
  expect(warn).not.toHaveBeenCalled();
  // An engine without SIMD.
  vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
  await prepareBackend('wasm');
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/wasm: taken, .*composed ones, .* times slower/));
  vi.restoreAllMocks();
  await prepareBackend('wasm');
});

it('obeys TFJS_SAM_BACKEND, and an argument before it', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  vi.stubEnv('TFJS_SAM_BACKEND', 'cpu');
  expect((await prepareBackend()).backend).toBe('cpu');
  expect((await prepareBackend('wasm')).backend).toBe('wasm');
  vi.stubEnv('TFJS_SAM_BACKEND', 'tpu');
  await expect(prepareBackend()).rejects.toThrow(/TFJS_SAM_BACKEND: expected one of .*got "tpu"/);
});

it('refuses an unknown backend, and fails where the one that was asked for does not start', async () => {
  await expect(prepareBackend('tpu' as 'cpu')).rejects.toThrow(
    new RangeError(`prepareBackend: expected one of ${backendList}, got "tpu"`),
  );
  // Not installed on every Node, and not able to run on some.
  await expect(prepareBackend('tfjs-node')).rejects.toThrow(
    /expected tfjs-node to start, got: tfjs-node: not taken, (not installed.*npm install|tfjs-node 4\.22 throws)/,
  );
});

const optionList = '[backend, deterministic, threads, log, resolveFrom]';
const eitherOr = `prepareBackend: expected one of ${backendList} or an object with options of ${optionList}, got`;

it.each<[unknown, typeof Error, string]>([
  [5, TypeError, `${eitherOr} 5. Name one backend, or none for the first that works`],
  [
    ['wasm', 'cpu'],
    TypeError,
    `${eitherOr} ["wasm", "cpu"]. Name one backend, or none for the first that works`,
  ],
  [null, TypeError, `${eitherOr} null. Name one backend, or none for the first that works`],
  [() => 'cpu', TypeError, `${eitherOr} a function. Name one backend, or none for the first that works`],
  ['', RangeError, `prepareBackend: expected one of ${backendList}, got ""`],
  [{ backend: ['wasm'] }, RangeError, `prepareBackend: expected one of ${backendList}, got ["wasm"]`],
  [{ log: 'yes' }, TypeError, 'prepareBackend: expected log to be a function that takes a line, got "yes"'],
  [{ resolveFrom: 5 }, TypeError, 'prepareBackend: expected resolveFrom to be the path of a folder, got 5'],
  [{ threads: 0 }, RangeError, 'prepareBackend: expected threads to be a whole number from 1 to 64, got 0'],
  [{ deterministic: 1 }, TypeError, 'prepareBackend: expected deterministic to be true or false, got 1'],
  [{ bakend: 'cpu' }, RangeError, `prepareBackend: expected options of ${optionList}, got "bakend"`],
  [{ toString: 1 }, RangeError, `prepareBackend: expected options of ${optionList}, got "toString"`],
])('refuses %j before it starts anything', async (given, kind, message) => {
  await prepareBackend({ backend: 'wasm' });
  const refused = prepareBackend(given as 'cpu');
  await expect(refused).rejects.toThrow(new kind(message));
  await expect(refused).rejects.toBeInstanceOf(kind);
  expect(tf.getBackend()).toBe('wasm');
});

it('takes options that are undefined for absent', async () => {
  const absent = { backend: undefined, deterministic: undefined, log: undefined, resolveFrom: undefined };
  expect((await prepareBackend(absent as object)).backend).toBe('wasm');
});
