import { engine, setBackend } from '@tensorflow/tfjs-core';
import { nodeModule } from './node-module.js';
import { locate, probe } from './probe.js';
import { reason } from './runtime.js';
import type { PrepareOptions, Started } from './types.js';
import { type Dawn, withWebgpuGlobals } from './webgpu-globals.js';

/** Findings of a child process about the adapter. */
interface Adapter {
  readonly name: string;
  /** Drawn by the CPU: correct, but slower than wasm. */
  readonly software: boolean;
}

/** Names the adapter, then lets TensorFlow.js make its device and run kernels on it: drivers crash in these, too. */
const SCRIPT = `
import { createRequire } from 'node:module';
const [, dawn, backend] = process.argv;
const { create, globals } = await import(dawn);
const gpu = create([]);
const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
if (!adapter) {
  answer(null);
  process.exit(0);
}
const info = adapter.info ?? {};
const name = [info.vendor, info.architecture, info.description].filter(Boolean).join(' ');
const software = Boolean(info.isFallbackAdapter) || /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(name);
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, 'navigator', { value: { gpu } });
const require = createRequire(backend);
require(backend);
const tf = require('@tensorflow/tfjs-core');
if (!(await tf.setBackend('webgpu'))) throw new Error('TensorFlow.js cannot start on ' + name);
const [sum] = await tf.sum(tf.matMul(tf.ones([8, 8]), tf.ones([8, 8]))).data();
if (sum !== 512) throw new Error('the matrix product of ' + name + ' is wrong');
answer({ name, software });
process.exit(0);
`;

/** Dawn's entry point, held for good: when it is collected, the process aborts at the next use of its device. */
let held: object | undefined;

/** In the ranges of the manifest's optional peers; TensorFlow.js's own packages go together in one version only. */
export const INSTALL = 'npm install "webgpu@>=0.3.0 <1" @tensorflow/tfjs-backend-webgpu@4.22.0';

/** The adapter, after a child process has multiplied matrices on it. */
async function findAdapter(url: string, backendPath: string): Promise<Adapter> {
  const adapter = await probe<Adapter | null>(SCRIPT, url, backendPath).catch((error: unknown) => {
    throw new Error(
      `installed, but WebGPU fails: ${reason(error)}. Update the driver of the GPU and the packages: ${INSTALL}`,
    );
  });
  if (!adapter)
    throw new Error('installed, but it finds no GPU. Install the Vulkan driver of the GPU, and libvulkan1');
  return adapter;
}

/** Registers TensorFlow.js's backend, which does so only where it sees a GPU as it is loaded, and starts it. */
async function activate(backendPath: string): Promise<boolean> {
  nodeModule('node:module').createRequire(backendPath)(backendPath);
  if (!engine().findBackendFactory('webgpu'))
    throw new Error(
      'installed, but TensorFlow.js does not know its webgpu backend: leave the import of @tensorflow/tfjs-backend-webgpu to prepareBackend, and make all @tensorflow packages one version (npm dedupe)',
    );
  return setBackend('webgpu');
}

/** Starts TensorFlow.js's webgpu backend on Dawn, after a child process has computed on a real adapter. */
export async function startWebgpu(options: PrepareOptions, forced: boolean): Promise<Started> {
  const from = options.resolveFrom ?? process.cwd();
  const [dawnPath, backendPath] = [locate('webgpu', from), locate('@tensorflow/tfjs-backend-webgpu', from)];
  if (!dawnPath || !backendPath) throw new Error(`not installed. To add it: ${INSTALL}`);
  const url = nodeModule('node:url').pathToFileURL(dawnPath).href;
  const adapter = await findAdapter(url, backendPath);
  if (adapter.software && !forced)
    throw new Error(
      `only a software adapter (${adapter.name}), slower than wasm. Force it with TFJS_SAM_BACKEND=webgpu`,
    );
  const dawn: Dawn = await import(/* @vite-ignore */ /* webpackIgnore: true */ url);
  held ??= dawn.create([]);
  if (!(await withWebgpuGlobals(dawn, held, () => activate(backendPath))))
    throw new Error(
      `installed, but TensorFlow.js's webgpu backend does not start. Update the packages: ${INSTALL}`,
    );
  return {
    message: `WebGPU on ${adapter.name}${adapter.software ? ', a software adapter: slower than wasm' : ''}`,
    slow: adapter.software,
  };
}
