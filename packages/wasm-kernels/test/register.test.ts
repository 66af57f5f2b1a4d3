import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, it, vi } from 'vitest';
import { chooseEngine } from '../src/engine.js';
import { registeredOptions, registerTrainingKernels, unregisterTrainingKernels } from '../src/index.js';

beforeEach(async () => {
  await tf.setBackend('wasm');
});

const heap = () => tf.backend() as unknown as { wasm: { asm: object } };

it('reports what was registered and how', async () => {
  const { implementation, kernels, reason } = await registerTrainingKernels();
  expect(implementation).toMatch(/fma|plain/);
  expect(reason).toBeUndefined();
  const named = Object.fromEntries(kernels.map((kernel) => [kernel.name, kernel]));
  expect(named.Conv2DBackpropFilter).toMatchObject({ implementation: 'side', replaces: false });
  expect(named.MaxPoolGrad).toMatchObject({ implementation: 'side', replaces: true });
  expect(named.Einsum).toMatchObject({ implementation: 'composed', replaces: false });
  for (const { name } of kernels) expect(tf.getKernel(name, 'wasm')).toBeDefined();
});

it('keeps to plain SIMD when asked for determinism', async () => {
  expect((await registerTrainingKernels({ deterministic: true })).implementation).toBe('plain');
});

it('takes the composed kernels where the internals of the backend are not found, and says so', async () => {
  const { wasm } = heap();
  const altered = Object.create(tf.backend(), {
    wasm: { value: Object.create(wasm, { asm: { value: {} } }) },
  });
  const engine = await chooseEngine(altered, {});
  expect(engine).toMatchObject({ implementation: 'composed', reason: expect.stringContaining('4.22') });
});

it('says when a build does not run here', async () => {
  const engine = await chooseEngine(tf.backend(), { deterministic: true, implementation: 'fma' });
  expect(engine).toMatchObject({ implementation: 'composed', reason: expect.stringContaining('fma') });
});

it('removes what only the side module has when the composed kernels are asked for', async () => {
  await registerTrainingKernels();
  expect(tf.getKernel('SamNorm', 'wasm')).toBeDefined();
  const { implementation, reason } = await registerTrainingKernels({ implementation: 'composed' });
  expect({ implementation, reason }).toEqual({ implementation: 'composed', reason: 'asked for' });
  expect(tf.getKernel('SamNorm', 'wasm')).toBeUndefined();
});

it('leaves the active backend as it was, and warns of nothing', async () => {
  const warn = vi.spyOn(console, 'warn');
  await tf.setBackend('cpu');
  await registerTrainingKernels();
  expect(tf.getBackend()).toBe('cpu');
  expect(warn).not.toHaveBeenCalled();
});

it('gives the same bits for the same input', async () => {
  for (const implementation of ['fma', 'plain', 'composed'] as const) {
    await registerTrainingKernels({ implementation });
    const gradient = () =>
      tf.tidy(() => {
        const x = tf.randomNormal([4, 9, 9, 3], 0, 1, 'float32', 1) as tf.Tensor4D;
        const w = tf.randomNormal([3, 3, 3, 7], 0, 1, 'float32', 2) as tf.Tensor4D;
        return tf
          .grad((w) => tf.conv2d(x, w as tf.Tensor4D, 1, 'same').square())(w)
          .dataSync();
      });
    expect(gradient()).toEqual(gradient());
  }
});

it('waits for a backend that somebody else is starting', async () => {
  const factory = tf.findBackendFactory('wasm');
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', factory, 2);
  const started = tf.setBackend('wasm');
  expect((await registerTrainingKernels()).implementation).not.toBe('composed');
  expect(await started).toBe(true);
});

it('says so where the backend has failed to start', async () => {
  const factory = tf.findBackendFactory('wasm');
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', () => Promise.reject(new Error('no such file')), 2);
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  expect(await tf.setBackend('wasm').catch(() => false)).toBe(false);
  await expect(registerTrainingKernels()).rejects.toThrow(/expected the wasm backend to start.*setWasmPaths/);
  warn.mockRestore();
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', factory, 2);
  expect((await registerTrainingKernels()).implementation).not.toBe('composed');
});

it('refuses options that it does not know', async () => {
  const given = (options: unknown) => registerTrainingKernels(options as object);
  await expect(given('plain')).rejects.toThrow(/expected an object of options, got plain/);
  await expect(given({ implementation: 'FMA' })).rejects.toThrow(/one of fma, plain, composed, got FMA/);
  await expect(given({ implementation: 'fma', deterministic: true })).rejects.toThrow(/plain SIMD/);
});

it('leaves a layer of the user’s alone that bears the name of a built-in one', async () => {
  const names = ['Dense', 'Conv2D', 'BatchNormalization', 'LayerNormalization', 'LSTMCell', 'GRUCell'];
  const map = tf.serialization.SerializationMap.getMap().classNameMap;
  const builtIn = names.map((name) => map[name]!);
  for (const name of names) {
    class Twice extends tf.layers.Layer {
      static className = name;
      override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return tf.mul(Array.isArray(x) ? x[0]! : x, 2);
      }
    }
    tf.serialization.registerClass(Twice);
    await registerTrainingKernels();
    const y = new Twice({}).apply(tf.ones([2, 4]), { training: true }) as tf.Tensor;
    expect(Array.from(y.dataSync()), name).toEqual(new Array(8).fill(2));
  }
  for (const [i, name] of names.entries()) map[name] = builtIn[i]!;
});

it('takes back all that it did, and does it again', async () => {
  const snapshot = () => ({
    kernels: new Map(
      tf.getKernelsForBackend('wasm').map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc]),
    ),
    gradients: ['Relu', 'Exp', 'Einsum', 'Equal', 'Maximum'].map((name) => tf.getGradient(name)),
    methods: [tf.SGDOptimizer, tf.AdamOptimizer].map(({ prototype }) => prototype.applyGradients),
  });
  unregisterTrainingKernels();
  const before = snapshot();
  expect(before.gradients[2]).toBeUndefined();
  await registerTrainingKernels();
  expect(snapshot().kernels.get('BatchMatMul')).not.toBe(before.kernels.get('BatchMatMul'));
  expect(snapshot().methods[0]).not.toBe(before.methods[0]);
  unregisterTrainingKernels();
  expect(snapshot()).toEqual(before);
  expect(registeredOptions()).toBeUndefined();
  await registerTrainingKernels();
  expect(tf.getKernel('SamNorm', 'wasm')).toBeDefined();
});
