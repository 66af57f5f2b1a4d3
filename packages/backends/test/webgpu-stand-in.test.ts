import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, expect, it, vi } from 'vitest';
import { prepareBackend } from '../src/index.js';
import { INSTALL, startWebgpu } from '../src/webgpu.js';
import { LASTING_GLOBALS } from '../src/webgpu-globals.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu');
  for (const name of LASTING_GLOBALS) Reflect.deleteProperty(globalThis, name);
  Reflect.deleteProperty(globalThis, 'seen');
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const crash = 'process.kill(process.pid, "SIGSEGV"); while (true);';
const inChild = "process.execArgv.includes('--eval')";
const tfjs = JSON.stringify(createRequire(import.meta.url).resolve('@tensorflow/tfjs'));

/** What each step of a stand-in does. */
interface StandIn {
  readonly requestAdapter?: string;
  readonly requestDevice?: string;
  readonly construct?: string;
  readonly matMul?: string;
}

/** In Dawn's place: one adapter, whose device computes nothing. */
const dawn = ({ requestAdapter = '', requestDevice = '' }: StandIn) => `
exports.globals = { GPUBuffer: class {}, GPUBufferUsage: { STORAGE: 128 }, GPUMapMode: {}, GPUTexture: class {},
  GPUTextureUsage: {}, GPUDevice: class {} };
exports.create = () => ({ async requestAdapter() {
  ${requestAdapter}
  return { info: { vendor: 'acme', architecture: 'gpu' }, async requestDevice() { ${requestDevice} } };
} });
`;

/** In TensorFlow.js's place: its cpu backend answers as 'webgpu', and looks for the globals where the real one does. */
const backend = ({ construct = '', matMul = '' }: StandIn) => `
const tf = require(${tfjs});
if (globalThis.navigator?.gpu) {
  if (!tf.getKernel('Sum', 'webgpu')) tf.copyRegisteredKernels('cpu', 'webgpu');
  const real = tf.getKernel('BatchMatMul', 'cpu');
  tf.unregisterKernel('BatchMatMul', 'webgpu');
  tf.registerKernel({ ...real, backendName: 'webgpu', kernelFunc: (call) => { ${matMul} return real.kernelFunc(call); } });
  tf.registerBackend('webgpu', async () => {
    const adapter = await navigator.gpu.requestAdapter();
    await adapter.requestDevice();
    ${construct}
    globalThis.seen = { navigator: { ...navigator }, storage: GPUBufferUsage.STORAGE };
    return tf.findBackendFactory('cpu')();
  });
}
`;

/** A folder in which stand-ins for the packages are installed. */
function project(standIn: StandIn): string {
  const folder = mkdtempSync(join(tmpdir(), 'backends-'));
  folders.push(folder);
  const packages = {
    webgpu: dawn(standIn),
    '@tensorflow/tfjs-backend-webgpu': backend(standIn),
    '@tensorflow/tfjs-core': `module.exports = require(${tfjs});`,
  };
  for (const [name, code] of Object.entries(packages)) {
    const target = join(folder, 'node_modules', name);
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, 'index.js'), code);
  }
  return folder;
}

const start = (standIn: StandIn) => startWebgpu({ resolveFrom: project(standIn) }, false);
const globalsNow = (): string[] => Object.getOwnPropertyNames(globalThis).filter((name) => /^GPU/.test(name));

it('starts on an adapter that works, and leaves only the globals that TensorFlow.js goes on to use', async () => {
  expect((await start({})).message).toBe('WebGPU on acme gpu');
  expect(tf.getBackend()).toBe('webgpu');
  expect(Reflect.get(globalThis, 'seen')).toMatchObject({ storage: 128 });
  expect(globalsNow().sort()).toEqual([...LASTING_GLOBALS]);
  expect(Reflect.get(globalThis.navigator ?? {}, 'gpu')).toBeUndefined();
});

it('adds to a navigator that is there, and puts back what it had', async () => {
  vi.stubGlobal('navigator', { userAgent: 'Node.js/24', gpu: 'of the application' });
  await start({});
  expect(Reflect.get(globalThis, 'seen')).toMatchObject({ navigator: { userAgent: 'Node.js/24' } });
  expect(globalThis.navigator).toEqual({ userAgent: 'Node.js/24', gpu: 'of the application' });
});

it.each<[string, StandIn]>([
  ['finds adapters', { requestAdapter: crash }],
  ['makes a device', { requestDevice: crash }],
  ['runs the first kernel', { matMul: crash }],
])('survives a driver that crashes when it %s', async (_when, standIn) => {
  const lines: string[] = [];
  const resolveFrom = project(standIn);
  const { backend } = await prepareBackend({ resolveFrom, log: (line) => lines.push(line) });
  expect(backend).toBe('wasm');
  expect(lines[2]).toMatch(
    /^webgpu: not taken, installed, but WebGPU fails: crashed .*\(SIGSEGV\).*npm install/,
  );
  expect(lines[2]).not.toContain('\n');
});

it.each<[string, StandIn, RegExp]>([
  ['there is no adapter', { requestAdapter: 'return null;' }, /finds no GPU\. Install the Vulkan driver/],
  ['no device comes', { requestDevice: 'throw new Error("lost");' }, /WebGPU fails: .*lost.*npm install/],
  [
    'products are wrong',
    { matMul: 'call.inputs.a = call.inputs.b = tf.zeros([1, 8, 8]);' },
    /product.*is wrong/,
  ],
  [
    'only the child can start it',
    { construct: `if (!${inChild}) throw new Error();` },
    /does not start.*npm/,
  ],
])('says what happened where %s, and leaves no globals', async (_when, standIn, message) => {
  vi.spyOn(console, 'warn').mockReturnValue();
  await expect(start(standIn)).rejects.toThrow(message);
  expect(globalsNow()).toEqual([]);
  expect(Reflect.get(globalThis.navigator ?? {}, 'gpu')).toBeUndefined();
});

it('knows that a backend which was loaded before it could see a GPU does not start', async () => {
  const resolveFrom = project({});
  createRequire(join(resolveFrom, 'index.js'))('@tensorflow/tfjs-backend-webgpu');
  await expect(startWebgpu({ resolveFrom }, false)).rejects.toThrow(/leave the import .* to prepareBackend/);
});

it('says to install what the manifest allows', () => {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { peerDependencies } = JSON.parse(manifest) as { peerDependencies: Record<string, string> };
  expect(INSTALL).toContain(` "webgpu@${peerDependencies.webgpu}" `);
  const backendRange = peerDependencies['@tensorflow/tfjs-backend-webgpu']!;
  expect(`${INSTALL} `).toContain(` @tensorflow/tfjs-backend-webgpu@${backendRange.replace('^', '')} `);
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(INSTALL);
});
