import * as tf from '@tensorflow/tfjs';
import { backendNames, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { modalityShares } from '../src/index.js';

/** Shapley's values by their definition: the mean over all orders of what each adds. */
function byOrders(count: number, value: (present: readonly boolean[]) => number): number[] {
  const orders = (rest: number[]): number[][] =>
    rest.length === 0
      ? [[]]
      : rest.flatMap((first) => orders(rest.filter((m) => m !== first)).map((order) => [first, ...order]));
  const all = orders(Array.from({ length: count }, (_, m) => m));
  const sums = Array<number>(count).fill(0);
  for (const order of all) {
    const present = Array<boolean>(count).fill(false);
    for (const m of order) {
      const before = value(present);
      present[m] = true;
      sums[m]! += (value(present) - before) / all.length;
    }
  }
  return sums;
}

describe.each([...backendNames])('modalityShares on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  const worth = (present: readonly boolean[]) =>
    present.reduce((sum, is, m) => sum + (is ? m + 1 : 0), 0) ** 1.5 + (present[0] && present[1] ? 2 : 0);

  it.each([1, 2, 3, 4])('are the mean contributions over all orders, of %d', (count) => {
    const values = byOrders(count, worth);
    const sum = values.reduce((a, b) => a + b);
    const shares = tf.tidy(() => [...modalityShares(count, (set) => tf.scalar(worth(set))).dataSync()]);
    for (const [m, share] of shares.entries()) expect(share).toBeCloseTo(values[m]! / sum, 6);
  });

  it('are even where no modality helps, and let no gradient through', () => {
    const even = tf.tidy(() => [...modalityShares(2, () => tf.scalar(1)).dataSync()]);
    expect(even).toEqual([0.5, 0.5]);
    const x = tf.scalar(2);
    const slope = tf.tidy(() =>
      tf.grad((y: tf.Tensor) => {
        const shares = modalityShares(2, ([one]) => (one ? tf.square(y) : tf.mul(y, 0.5)) as tf.Scalar);
        return tf.mul(tf.max(shares), y);
      })(x),
    );
    // Only the factor beside the share is differentiated: the share itself.
    expect(slope.dataSync()[0]).toBeCloseTo(1, 6);
    tf.dispose([x, slope]);
  });

  it('refuse numbers of modalities that they would not end with', () => {
    expect(() => modalityShares(9, () => tf.scalar(1))).toThrow('from 1 to 8, got 9');
  });
});
