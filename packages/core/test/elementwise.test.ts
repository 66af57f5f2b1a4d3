import * as tf from '@tensorflow/tfjs';
import { useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { elementwise, seededSampler } from '../src/index.js';

const shapes = [[], [3], [0], [512], [513], [7, 75], [64, 33]];
const everything = elementwise<'a' | 'b' | 'c' | 'k'>((o, { a, b, c, k }) => {
  const first = o.mulAdd(a, k, o.divNoNan(b, c));
  const second = o.sub(o.maximum(o.minimum(first, 0.5), -0.5), o.mul(o.sqrt(o.abs(c)), o.greater(a, b)));
  return [o.add(o.finite(o.div(second, c)), 1), first, o.mul(second, second)];
});

/** Vectors with zeros, a NaN and infinities among their entries. */
function inputs(): { a: tf.Tensor[]; b: tf.Tensor[]; c: tf.Tensor[] } {
  const draw = seededSampler('gaussian', 5);
  const c = draw(shapes, 0, 2).map((tensor) => tf.mul(tensor, tf.greater(tf.abs(tensor), 0.3)));
  const odd = tf.concat([tf.tensor1d([Number.NaN, Number.POSITIVE_INFINITY, -0]), tf.ones([510])]);
  return { a: draw(shapes, 0, 0), b: draw(shapes, 0, 1), c: [...c.slice(0, 4), odd, ...c.slice(5)] };
}

const bits = (vectors: tf.Tensor[][]) =>
  vectors.map((vector) =>
    vector.map((tensor) => ({
      shape: tensor.shape,
      values: [...tensor.dataSync()].map((value) => (Number.isNaN(value) ? 'NaN' : value)),
    })),
  );

const computed = (k: number | tf.Scalar) => tf.tidy(() => bits(everything({ ...inputs(), k })));

describe('an elementwise formula', () => {
  let expected: ReturnType<typeof bits>;
  beforeAll(async () => {
    await useBackend('cpu');
    expected = computed(0.7);
  });

  it('gives the numbers of its operations on cpu', () => {
    tf.tidy(() => {
      const { a, b, c } = inputs();
      const first = a.map((x, i) => tf.add(tf.mul(x, 0.7), tf.divNoNan(b[i]!, c[i]!)));
      expect(expected[1]).toEqual(bits([first])[0]);
    });
  });

  it('gives the same bits in one pass on wasm', async () => {
    await useBackend('wasm');
    const before = tf.memory().numTensors;
    const kernels = vi.spyOn(tf.engine(), 'runKernel');
    tf.tidy(() => {
      const all = { ...inputs(), k: 0.7 };
      kernels.mockClear();
      everything(all);
      expect(kernels.mock.calls.map(([name]) => name)).toEqual(['SamPass']);
    });
    kernels.mockRestore();
    expect(computed(0.7)).toEqual(expected);
    expect(tf.tidy(() => computed(tf.scalar(0.7)))).toEqual(expected);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses an output that is an input', async () => {
    await useBackend('wasm');
    const same = elementwise<'a'>((_, { a }) => [a]);
    const a = [tf.scalar(1)];
    expect(() => same({ a })).toThrow('expected outputs that are computed');
    tf.dispose(a);
  });
});
