import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { expect, vi } from 'vitest';
import { runningThreads } from '../../src/engine.js';
import { registerTrainingKernels } from '../../src/index.js';
import { limits } from '../../src/threads/limits.js';
import { type Computation, random, type Values } from '../compare.js';

/** Shares every call that can be split, however small, from the first one on. */
export function shareAll(): void {
  Object.assign(limits, { least: 0, part: 0, start: 0, always: true });
}

/** A computation on inputs: label, inputs, function. */
export type Case = readonly [string, readonly Values[], Computation];

/** Registers the kernels on so many threads and waits until they are there. */
export async function useThreads(threads: number, implementation: 'fma' | 'plain' = 'fma'): Promise<void> {
  const report = await registerTrainingKernels({ threads, implementation });
  await tf.setBackend('wasm');
  expect(report).toMatchObject({ threads, implementation });
  if (threads === 1) return;
  // The first call that is worth it starts them.
  const x = tf.tensor(random(1, [64, 64]).data, [64, 64]);
  tf.dispose([tf.matMul(x, x), x]);
  await vi.waitFor(() => expect(runningThreads()).toBe(threads), { timeout: 20_000 });
}

/** A hash of the bits of what a computation answers. */
export function bitsOf([label, inputs, f]: Case): string {
  const { numTensors } = tf.memory();
  const hash = createHash('sha256');
  tf.tidy(() => {
    const tensors = inputs.map(({ data, shape }) =>
      tf.tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32'),
    );
    for (const out of f(...tensors)) hash.update(out.dataSync());
  });
  expect(tf.memory().numTensors, label).toBe(numTensors);
  return hash.digest('hex');
}
