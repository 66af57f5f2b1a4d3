import * as tf from '@tensorflow/tfjs';
import { type Distribution, seededSampler } from '@tfjs-sam/core';
import { useBackend } from '@tfjs-sam/testing';
import { expect, it, vi } from 'vitest';

const shapes = [[], [3], [0], [16], [7, 5], [33], [64, 100]];
const distributions: Distribution[] = ['gaussian', 'rademacher', 'uniform'];
const seeds = [0, 7, -3, 2 ** 31, 2 ** 40 + 5];

/** Draws as bits. */
function drawn(): Uint32Array[] {
  return distributions.flatMap((distribution) =>
    seeds.flatMap((seed, i) => {
      const vector = seededSampler(distribution, seed)(shapes, 3 * i, i);
      const bits = vector.map(
        (tensor) => new Uint32Array((tensor.dataSync() as Float32Array).slice().buffer),
      );
      tf.dispose(vector);
      return bits;
    }),
  );
}

/** What the kernel itself gives. */
function byKernel(): number {
  const attrs = { distribution: 'gaussian', seed: 0, step: 0, index: 0, shapes: [[4]] };
  const own = tf.engine().runKernel('SamDraw', {}, attrs as unknown as tf.NamedAttrMap) as tf.Tensor[];
  tf.dispose(own);
  return own.length;
}

it('draws the same bits on every backend, before its module is compiled and after', async () => {
  await useBackend('cpu');
  const expected = drawn();
  await useBackend('wasm');
  const { numTensors } = tf.memory();
  expect(drawn()).toEqual(expected);
  await vi.waitFor(() => expect(byKernel()).toBe(1), { timeout: 10_000 });
  expect(drawn()).toEqual(expected);
  expect(tf.memory().numTensors).toBe(numTensors);
});
