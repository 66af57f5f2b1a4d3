import * as tf from '@tensorflow/tfjs';
import { registerTrainingKernels } from '@tfjs-sam/wasm-kernels';
import { afterEach, expect, it, vi } from 'vitest';
import { backendNames, doctor, formatDoctorReport, missingKernels, prepareBackend } from '../src/index.js';
import { starters } from '../src/starters.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it('examines every backend and leaves the active one active', async () => {
  await prepareBackend('cpu');
  const tensors = tf.memory().numTensors;
  const report = await doctor({ budget: 20 });
  expect(tf.getBackend()).toBe('cpu');
  expect(tf.memory().numTensors).toBe(tensors);
  expect(report.backends.map((b) => b.backend)).toEqual([...backendNames]);
  expect(report.recommended).toBe('wasm');
  const wasm = report.backends.find((b) => b.backend === 'wasm')!;
  expect(wasm.missingKernels).toEqual([]);
  expect(wasm.speed).toHaveLength(2);
  for (const { milliseconds, runs } of wasm.speed) {
    expect(milliseconds).toBeGreaterThan(0);
    expect(runs).toBeGreaterThanOrEqual(1);
  }
  const lines = formatDoctorReport(report);
  expect(lines[0]).toMatch(/^machine: .+ cores/);
  expect(lines).toContainEqual(expect.stringMatching(/^- tfjs-node: (not installed|tfjs-node 4\.22 throws)/));
  expect(lines).toContainEqual(expect.stringMatching(/^\+ wasm: WebAssembly SIMD/));
  expect(lines.at(-1)).toBe('taken by default: wasm');
});

it('keeps to plain SIMD where that was asked for', async () => {
  await prepareBackend({ backend: 'wasm', deterministic: true, log: () => {} });
  const product = () => tf.tidy(() => tf.matMul(factor, factor).dataSync());
  const factor = tf.randomNormal([64, 64], 0, 1, 'float32', 1);
  const plain = product();
  const { implementation } = await registerTrainingKernels();
  // Where relaxed SIMD is missing there is the plain build alone.
  if (implementation === 'fma') expect(product()).not.toEqual(plain);
  await prepareBackend({ backend: 'wasm', deterministic: true, log: () => {} });
  await doctor({ budget: 0 });
  expect(product()).toEqual(plain);
  factor.dispose();
});

it('spends its budget once, over all backends and models', async () => {
  const begin = performance.now();
  const { backends } = await doctor({ budget: 0 });
  const withoutTest = performance.now() - begin;
  expect(backends.every(({ speed }) => speed.length === 0)).toBe(true);
  const again = performance.now();
  await doctor({ budget: 2_000 });
  const tested = performance.now() - again - withoutTest;
  // Each model ends its last gradient after its time. A budget for each model and backend would come to 8 s and more.
  expect(tested).toBeGreaterThan(1_000);
  expect(tested).toBeLessThan(7_500);
});

it('refuses a budget that is no time', async () => {
  await expect(doctor({ budget: -1 })).rejects.toThrow(/^doctor: expected budget to be .*>= 0, got -1$/);
  await expect(doctor({ budget: Number.NaN })).rejects.toThrow(RangeError);
});

it.each<[unknown, typeof Error, string]>([
  [5, TypeError, 'doctor: expected an object with options of [budget, resolveFrom], got 5'],
  [
    { budget: '5' },
    RangeError,
    'doctor: expected budget to be a finite number of milliseconds >= 0, got "5"',
  ],
  [{ resolveFrom: 5 }, TypeError, 'doctor: expected resolveFrom to be the path of a folder, got 5'],
  [{ seconds: 5 }, RangeError, 'doctor: expected options of [budget, resolveFrom], got "seconds"'],
])('refuses %j', async (given, kind, message) => {
  const refused = doctor(given as object);
  await expect(refused).rejects.toThrow(new kind(message));
  await expect(refused).rejects.toBeInstanceOf(kind);
});

it('says of a backend that cannot train a model what to do, and leaves no variables', async () => {
  await prepareBackend({ backend: 'cpu', log: () => {} });
  const kernel = tf.getKernel('MaxPoolGrad', 'cpu');
  tf.unregisterKernel('MaxPoolGrad', 'cpu');
  const variables = () => Object.keys(tf.engine().state.registeredVariables).length;
  const before = variables();
  const lines = formatDoctorReport(await doctor({ budget: 20 }));
  tf.registerKernel(kernel);
  expect(variables()).toBe(before);
  expect(lines).toContainEqual(
    expect.stringMatching(
      /^\+ cpu: .*, but its speed test fails: Kernel 'MaxPoolGrad'.* Choose another with/,
    ),
  );
  const lacks =
    '    lacks for training: MaxPoolGrad. A model that needs them trains with TFJS_SAM_BACKEND=wasm';
  expect(lines).toContain(lacks);
});

it('names the kernels that a backend lacks', () => {
  expect(missingKernels('cpu')).toEqual([]);
  expect(missingKernels('nothing')).toContain('Conv2DBackpropFilter');
});

/** The report where TFJS_SAM_BACKEND has this value, and its last line. */
async function reportWith(value: string) {
  vi.stubEnv('TFJS_SAM_BACKEND', value);
  const report = await doctor({ budget: 0 });
  return { report, last: formatDoctorReport(report).at(-1) };
}

it('says what TFJS_SAM_BACKEND forces, as prepareBackend takes it', async () => {
  const { report, last } = await reportWith('cpu');
  expect(report).toMatchObject({ asked: 'cpu', taken: 'cpu', recommended: 'wasm' });
  expect(last).toBe('taken: cpu, forced by TFJS_SAM_BACKEND; by default: wasm');
  expect((await prepareBackend({ log: () => {} })).backend).toBe('cpu');
});

it('says that TFJS_SAM_BACKEND forces what does not start', async () => {
  vi.spyOn(starters, 'tfjs-node').mockRejectedValue(new Error('not installed'));
  const { report, last } = await reportWith('tfjs-node');
  expect(report.taken).toBeUndefined();
  expect(last).toBe(
    'taken: none, TFJS_SAM_BACKEND forces tfjs-node, which does not start. Unset it to take wasm',
  );
  await expect(prepareBackend()).rejects.toThrow(/expected tfjs-node to start/);
});

it('says that TFJS_SAM_BACKEND names no backend, and what it may name', async () => {
  const { report, last } = await reportWith('wsam');
  expect(report).toMatchObject({ asked: 'wsam', recommended: 'wasm' });
  expect(report.taken).toBeUndefined();
  const error =
    'TFJS_SAM_BACKEND: expected one of [tfjs-node-gpu, tfjs-node, webgpu, webgl, wasm, cpu], got "wsam"';
  expect(last).toBe(`taken: none, ${error}. Unset it to take wasm`);
  await expect(prepareBackend()).rejects.toThrow(error);
});

it('takes an empty TFJS_SAM_BACKEND for none', async () => {
  const { report, last } = await reportWith('');
  expect(report).toMatchObject({ taken: 'wasm', recommended: 'wasm' });
  expect(report.asked).toBeUndefined();
  expect(last).toBe('taken by default: wasm');
});

it('examines a backend that works only where it is forced as prepareBackend would start it', async () => {
  const startCpu = starters.cpu;
  vi.spyOn(starters, 'webgpu').mockImplementation(async (options, forced) => {
    if (!forced) throw new Error('only a software adapter');
    return { ...(await startCpu(options, forced)), message: 'WebGPU in software' };
  });
  const { report, last } = await reportWith('webgpu');
  expect(report).toMatchObject({ taken: 'webgpu', recommended: 'wasm' });
  expect(report.backends[2]).toMatchObject({ works: true, state: 'WebGPU in software' });
  expect(last).toBe('taken: webgpu, forced by TFJS_SAM_BACKEND; by default: wasm');
  vi.stubEnv('TFJS_SAM_BACKEND', '');
  expect((await doctor({ budget: 0 })).backends[2]).toMatchObject({ works: false });
});

it('does without what a Node lacks that cannot hand out its modules', async () => {
  vi.stubGlobal('process', {
    ...process,
    env: {},
    versions: { node: '22.0.0' },
    getBuiltinModule: undefined,
  });
  const report = await doctor({ budget: 0 });
  const lacks =
    'expected a Node with process.getBuiltinModule, got 22.0.0. Use Node 20.19, or 22.3 and later';
  expect(report).toMatchObject({ machine: `unknown: ${lacks}`, recommended: 'wasm' });
  expect(report.backends.slice(0, 3).map(({ state }) => state)).toEqual([lacks, lacks, lacks]);
});
