import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runningThreads } from '../../src/engine.js';
import { registerTrainingKernels, unregisterTrainingKernels } from '../../src/index.js';
import { limits } from '../../src/threads/limits.js';
import { bundled, bundleFolder } from '../bundle.js';
import { random } from '../compare.js';
import { bitsOf, type Case, shareAll, useThreads } from './several.js';

const workerThreads = process.getBuiltinModule('node:worker_threads');
const RealWorker = workerThreads.Worker;

const product: Case = [
  'product',
  [random(1, [90, 70]), random(2, [70, 80])],
  (a, b) => [tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D)],
];

beforeAll(async () => {
  shareAll();
  await tf.setBackend('wasm');
});
afterEach(() => {
  workerThreads.Worker = RealWorker;
  unregisterTrainingKernels();
  vi.restoreAllMocks();
});

describe('threads', () => {
  it('are started by work that is worth it, not before', async () => {
    limits.start = 1e12;
    try {
      expect(await registerTrainingKernels({ threads: 2 })).toMatchObject({ threads: 2 });
      bitsOf(product);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(runningThreads()).toBe(1);
    } finally {
      limits.start = 0;
    }
  });

  it('that are lost are reported once, and one thread goes on', async () => {
    const started: InstanceType<typeof RealWorker>[] = [];
    workerThreads.Worker = class extends RealWorker {
      constructor(...given: ConstructorParameters<typeof RealWorker>) {
        super(...given);
        started.push(this);
      }
    };
    await useThreads(3);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const want = bitsOf(product);
    await started[0]!.terminate();
    expect(bitsOf(product)).toBe(want);
    await vi.waitFor(() => expect(runningThreads()).toBe(1));
    expect(bitsOf(product)).toBe(want);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/a thread was lost.*one thread/)]]);
  });

  it('that cannot be started are reported once, and one thread goes on', async () => {
    await useThreads(1);
    const want = bitsOf(product);
    workerThreads.Worker = class {
      constructor() {
        throw new Error('no threads here');
      }
    } as unknown as typeof RealWorker;
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await registerTrainingKernels({ threads: 4, implementation: 'fma' });
    expect(bitsOf(product)).toBe(want);
    expect(bitsOf(product)).toBe(want);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/no threads here.*one thread/)]]);
  });

  it('work on a heap that has grown since they were started', async () => {
    await useThreads(2);
    const heap = (): number =>
      (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length;
    const before = heap();
    const kept: tf.Tensor[] = [];
    for (let round = 0; round < 30; round++) {
      // Its patches and its output lie where there was no heap a moment ago.
      kept.push(tf.zeros([2 ** 20]));
      const x = tf.fill([6, 31, 31, 8], round + 1) as tf.Tensor4D;
      const y = tf.conv2d(x, tf.ones([3, 3, 8, 16]) as tf.Tensor4D, 1, 'same');
      const [inner, corner] = [
        tf.slice(y, [5, 7, 7, 3], [1, 1, 1, 1]),
        tf.slice(y, [5, 0, 0, 3], [1, 1, 1, 1]),
      ];
      expect([inner.dataSync()[0], corner.dataSync()[0]]).toEqual([72 * (round + 1), 32 * (round + 1)]);
      kept.push(x, y, inner, corner);
    }
    expect(heap()).toBeGreaterThan(2 * before);
    tf.dispose(kept);
  });

  it.each([0, -1, 1.5, 65, Number.NaN, '2'])('are refused where their number is %j', async (threads) => {
    await expect(registerTrainingKernels({ threads: threads as number })).rejects.toThrow(
      /expected threads to be a whole number from 1 to 64, got/,
    );
  });
});

describe('a process with threads', () => {
  const { folder, remove } = bundleFolder();
  afterAll(remove);
  let script = '';
  beforeAll(async () => {
    script = await bundled(join(dirname(fileURLToPath(import.meta.url)), 'process.ts'), folder);
  }, 120_000);

  it('ends by itself', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, 'end'], { timeout: 30_000 });
    expect(stdout).toContain('2 threads');
  });

  it.each([
    ['started', '2 threads'],
    ['tensors', '1 threads'],
  ])('whose backend has %s before has %s', async (mode, said) => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, mode], { timeout: 30_000 });
    expect(stdout).toContain(said);
  });

  it('ends with an exception', async () => {
    const failed = promisify(execFile)(process.execPath, [script, 'throw'], { timeout: 30_000 });
    await expect(failed).rejects.toMatchObject({ stderr: expect.stringContaining('on purpose') });
  });

  it('ends with Ctrl-C in the midst of its work', async () => {
    const child = spawn(process.execPath, [script, 'forever'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
  });
});
