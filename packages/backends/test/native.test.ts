import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, expect, it, vi } from 'vitest';
import { nodeLimit, startNative } from '../src/native.js';
import { probe } from '../src/probe.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
});

/** A folder in which a package of this name is installed, with this code. */
function project(name: string, code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'backends-'));
  folders.push(folder);
  const target = join(folder, 'node_modules', '@tensorflow', name);
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'index.js'), code);
  return folder;
}

/** A stand-in for the native package: TensorFlow.js itself, whose cpu backend answers as 'tensorflow'. */
const standIn = (gpu: boolean) => `
const tf = require(${JSON.stringify(createRequire(import.meta.url).resolve('@tensorflow/tfjs'))});
if (!tf.findBackendFactory('tensorflow')) tf.copyRegisteredKernels('cpu', 'tensorflow');
if (!tf.findBackendFactory('tensorflow')) tf.registerBackend('tensorflow', () => {
  const backend = tf.findBackendFactory('cpu')();
  backend.isUsingGpuDevice = ${gpu};
  return backend;
}, 9);
module.exports = tf;
`;

const start = (name: 'tfjs-node' | 'tfjs-node-gpu', code: string, version = '20.19.0') =>
  startNative(name, { resolveFrom: project(name, code) }, version);

it('starts a native package that works', async () => {
  const started = await start('tfjs-node', standIn(false));
  expect(started.message).toMatch(/native library on the CPU/);
  expect(tf.getBackend()).toBe('tensorflow');
  expect((await start('tfjs-node-gpu', standIn(true))).message).toMatch(/on the GPU/);
});

it('finds a package from a folder that is given relative to the working directory', async () => {
  const resolveFrom = relative(process.cwd(), project('tfjs-node', standIn(false)));
  expect((await startNative('tfjs-node', { resolveFrom }, '20.19.0')).message).toMatch(/on the CPU/);
});

it('does not take the GPU package where it finds no GPU', async () => {
  await expect(start('tfjs-node-gpu', standIn(false))).rejects.toThrow(/CUDA 11\.2/);
});

it('survives a package that takes its process down', async () => {
  await expect(start('tfjs-node', 'process.kill(process.pid, "SIGSEGV"); while (true);')).rejects.toThrow(
    /crashed in a trial run \(SIGSEGV\).*npm install @tensorflow\/tfjs-node@4\.22\.0/,
  );
});

it('quotes the error of a package that throws', async () => {
  await expect(start('tfjs-node', 'throw new Error("tfjs_binding.node is missing")')).rejects.toThrow(
    /tfjs_binding\.node is missing/,
  );
});

it('survives a package that ends its process, or prints whatever it likes', async () => {
  await expect(start('tfjs-node', 'process.exit(0);')).rejects.toThrow(/ended without an answer/);
  const talkative = `console.log('hello'); process.on('exit', () => console.log('bye'));${standIn(false)}`;
  const before = process.listeners('exit');
  expect((await start('tfjs-node', talkative)).message).toMatch(/native library on the CPU/);
  // What it said to this process as well is not to follow the summary of the tests.
  for (const listener of process.listeners('exit'))
    if (!before.includes(listener)) process.off('exit', listener);
});

it('says what helps where a package works in the child process only', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  if (tf.findBackendFactory('tensorflow')) tf.removeBackend('tensorflow');
  const inChild = "process.execArgv.includes('--eval')";
  const unable = standIn(false).replace('const backend', `if (!${inChild}) throw new Error(); const backend`);
  await expect(start('tfjs-node', unable)).rejects.toThrow(
    /^loaded, but its backend does not start\. To repair it: npm install @tensorflow\/tfjs-node@4\.22\.0$/,
  );
  tf.removeBackend('tensorflow');
});

it('knows on which Node the native packages do not run', async () => {
  expect(nodeLimit('20.19.0')).toBeUndefined();
  expect(nodeLimit('22.1.0')).toBeUndefined();
  await expect(start('tfjs-node', standIn(false), '24.0.0')).rejects.toThrow(/throws on Node 23/);
  const missing = startNative('tfjs-node', { resolveFrom: tmpdir() }, '22.1.0');
  await expect(missing).rejects.toThrow(/not installed.*no prebuilt binary for Node 22/);
});

it('finds the answer of a probe among what else is printed', async () => {
  const script = 'console.log("banner"); answer({ argument: process.argv[1] }); console.log("{}");';
  expect(await probe(script, 'here')).toEqual({ argument: 'here' });
});
