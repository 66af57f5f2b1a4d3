import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { expectLikeCpu, random, spoiled } from './compare.js';
import { onEveryImplementation } from './implementations.js';

onEveryImplementation('elementwise kernels', () => {
  it.each([0, 1, 3, 4, 5, 17, 1000])('clip %i elements as cpu does, NaN and infinities too', async (n) => {
    for (const x of [random(n, [n]), spoiled(n + 1, [n])])
      await expectLikeCpu(`${n}`, [x], 1, (v) => [
        tf.clipByValue(v!, -0.25, 0.5),
        tf.relu6(tf.mul(v!, 20)),
        tf.grad((t) => tf.relu6(tf.mul(t, 20)))(v!),
      ]);
  });

  it.each([0, 1, 3, 5, 17])('relu keeps NaN of either sign among %i elements', async (n) => {
    const bits = Uint32Array.from({ length: n }, (_, i) => (i % 2 ? 0x7fc00000 : 0xffc00000));
    const x = { data: new Float32Array(bits.buffer), shape: [n] };
    const others = random(n, [n]);
    await expectLikeCpu(`${n}`, [x, others], 1, (x, y) => [tf.relu(x!), tf.relu(y!), tf.grad(tf.relu)(x!)]);
  });

  it('answer 0 for a convolution over nothing', async () => {
    await expectLikeCpu('no channels', [random(1, [1, 2, 2, 0]), random(1, [1, 1, 0, 2])], 1, (x, w) => [
      tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
    ]);
    const pad: [number, number][] = [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ];
    await expectLikeCpu('no image', [random(1, [1, 0, 2, 2]), random(1, [1, 1, 2, 3])], 1, (x, w) => [
      tf.conv2d(
        x as tf.Tensor4D,
        w as tf.Tensor4D,
        1,
        pad as [[0, 0], [number, number], [number, number], [0, 0]],
      ),
    ]);
  });

  it('have the sign of any number, the smallest included', () => {
    const x = [1e-38, -1e-38, 1e-44, 0, 3, -Infinity, Number.NaN, 1e38];
    const got = tf.tidy(() => tf.sign(tf.tensor1d(x)).dataSync());
    expect([...got]).toEqual([1, -1, 1, 0, 1, -1, 0, 1]);
  });
});
