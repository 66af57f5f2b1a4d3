import { execFileSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs';
import { afterEach, expect, it, vi } from 'vitest';
import { plain, relaxed } from '../src/generated/binaries.js';
import { registerTrainingKernels } from '../src/index.js';
import { availableBuilds } from '../src/side/compile.js';
import { random } from './compare.js';

afterEach(() => vi.restoreAllMocks());

/**
 * Positions of bytes that read as an instruction of relaxed SIMD: 0xfd, then 0x100 to 0x113 in LEB128. Other bytes may read
 * so by chance; where none do, there is no such instruction.
 */
function relaxedInstructions(base64: string): number[] {
  const bytes = Buffer.from(base64, 'base64');
  return [...bytes.keys()].filter(
    (i) => bytes[i] === 0xfd && bytes[i + 1]! >= 0x80 && bytes[i + 1]! <= 0x93 && bytes[i + 2] === 0x02,
  );
}

it('leaves the data of the backend’s own module as it is', async () => {
  await tf.setBackend('wasm');
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  // The module's constants and messages lie at the beginning of the heap, before anything that is allocated.
  const constants = () => wasm.HEAPU8.slice(0, 1 << 14);
  const before = constants();
  await registerTrainingKernels();
  expect(constants()).toEqual(before);
});

it('has no instruction of relaxed SIMD in the plain build', () => {
  expect(relaxedInstructions(plain)).toEqual([]);
  expect(relaxedInstructions(relaxed).length).toBeGreaterThan(0);
});

it('compiles the plain build where no flag is set', () => {
  const script = `
    const builds = JSON.parse(require('node:fs').readFileSync(0, 'utf8')).map((b) => Buffer.from(b, 'base64'));
    new WebAssembly.Module(builds[0]);
    console.log(JSON.stringify(builds.map((b) => WebAssembly.validate(b))));`;
  const answer = execFileSync(process.execPath, ['-e', script], {
    input: JSON.stringify([plain, relaxed]),
    env: { ...process.env, NODE_OPTIONS: '' },
    encoding: 'utf8',
  });
  const [validPlain, validRelaxed] = JSON.parse(answer) as [boolean, boolean];
  expect(validPlain).toBe(true);
  // Relaxed SIMD is behind a flag up to Node 20: there, the plain build is valid without it.
  if (Number.parseInt(process.versions.node, 10) <= 20) expect(validRelaxed).toBe(false);
});

it('neither offers the relaxed build nor sets a flag when asked for determinism', async () => {
  const v8 = process.getBuiltinModule('node:v8');
  const set = vi.spyOn(v8, 'setFlagsFromString');
  expect(availableBuilds(true)).toEqual(['plain']);
  expect(set).not.toHaveBeenCalled();
  const known = WebAssembly.validate(Buffer.from(relaxed, 'base64'));
  expect(availableBuilds(false)).toContain('plain');
  expect(set).toHaveBeenCalledTimes(known ? 0 : 1);
});

it('computes with determinism what the plain build does, bit for bit', async () => {
  await tf.setBackend('wasm');
  const product = () => {
    const [a, b] = [random(1, [37, 300]), random(2, [300, 41])].map(({ data, shape }) =>
      tf.tensor(data, [...shape]),
    );
    const bits = tf.tidy(() => tf.matMul(a!, b!).dataSync());
    tf.dispose([a!, b!]);
    return bits;
  };
  await registerTrainingKernels({ implementation: 'plain' });
  const want = product();
  await registerTrainingKernels();
  expect((await registerTrainingKernels({ deterministic: true })).implementation).toBe('plain');
  expect(product()).toEqual(want);
});
