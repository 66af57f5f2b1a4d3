import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { random } from './compare.js';
import { onEveryImplementation } from './implementations.js';

/** The discrete Fourier transform of one row by its definition; real and imaginary parts in turn. */
function transformed(pairs: ArrayLike<number>): number[] {
  const n = pairs.length / 2;
  return Array.from({ length: n }, (_, k) => {
    let [re, im] = [0, 0];
    for (let j = 0; j < n; j++) {
      const angle = (-2 * Math.PI * ((j * k) % n)) / n;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      re += pairs[2 * j]! * c - pairs[2 * j + 1]! * s;
      im += pairs[2 * j]! * s + pairs[2 * j + 1]! * c;
    }
    return [re, im];
  }).flat();
}

const complexOf = (seed: number, shape: number[]): tf.Tensor => {
  const [re, im] = [random(seed, shape), random(seed + 1, shape)];
  return tf.complex(tf.tensor(re.data, shape), tf.tensor(im.data, shape));
};

onEveryImplementation('complex numbers', () => {
  it.each([1, 2, 3, 7, 8, 12, 64, 97, 100])('are transformed in rows of %d', (n) => {
    const before = tf.memory().numTensors;
    const [z, y, back] = tf.tidy(() => {
      const z = complexOf(n, [2, n]);
      return [z, tf.fft(z), tf.ifft(tf.fft(z))].map((t) => t.dataSync());
    }) as unknown as [Float32Array, Float32Array, Float32Array];
    const want = [...transformed(z.slice(0, 2 * n)), ...transformed(z.slice(2 * n))];
    for (const [i, value] of want.entries()) expect(y[i]).toBeCloseTo(value, 4);
    for (const [i, value] of z.entries()) expect(back[i]).toBeCloseTo(value, 5);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('agree with cpu on what is done to them, and with what is taken from another backend', () => {
    const outputs = () =>
      tf.tidy(() => {
        const [a, b] = [complexOf(1, [3, 4]), complexOf(3, [3, 4])];
        const all = [tf.add(a, b), tf.sub(a, b), tf.mul(a, b), tf.concat([a, b], 1)];
        return [...all, tf.transpose(a), tf.cast(a, 'float32'), tf.abs(a)].map((t) => [...t.dataSync()]);
      });
    const wasm = outputs();
    tf.setBackend('cpu');
    const moved = complexOf(5, [2, 2]);
    const cpu = outputs();
    tf.setBackend('wasm');
    for (const [i, values] of cpu.entries())
      for (const [j, value] of values.entries()) expect(wasm[i]![j]).toBeCloseTo(value, 5);
    const doubled = tf.add(moved, moved);
    expect([...doubled.dataSync()]).toEqual([...moved.dataSync()].map((x) => 2 * x));
    tf.dispose([moved, doubled]);
  });
});

describe('strings', () => {
  it('are compared, tiled and scattered without a trap', () => {
    const [a, b] = [tf.tensor1d(['a', 'b', 'c']), tf.tensor1d(['a', 'c', 'b'])];
    expect([...tf.equal(a, b).dataSync()]).toEqual([1, 0, 0]);
    expect(tf.tile(a, [2]).dataSync()).toEqual(['a', 'b', 'c', 'a', 'b', 'c'] as never);
    const spread = tf.sparseToDense(
      tf.tensor1d([1, 3], 'int32'),
      tf.tensor1d(['x', 'y']),
      [5],
      tf.scalar(''),
    );
    expect(spread.dataSync()).toEqual(['', 'x', '', 'y', ''] as never);
  });
});
