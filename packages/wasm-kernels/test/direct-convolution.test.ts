import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { expectLikeCpu, random } from './compare.js';
import { onEveryImplementation } from './implementations.js';

onEveryImplementation('convolutions of few input channels', () => {
  // Rows that end in a tile of four windows, in one that begins earlier, in none; channels that fill no tile of eight.
  it.each([
    [[3, 7, 4, 1], [3, 3, 1, 16], 1, 'same'],
    [[2, 9, 7, 1], [3, 3, 1, 5], 1, 'same'],
    [[2, 11, 15, 3], [5, 3, 3, 9], 2, 'valid'],
    [[1, 6, 29, 2], [3, 4, 2, 24], 1, 'valid'],
    [[2, 5, 3, 1], [2, 2, 1, 8], 1, 'valid'],
    [[1, 5, 5, 2], [3, 3, 2, 8], 1, 'same'],
  ] as const)('%j by %j, strides %d, %s', async (shape, filter, strides, pad) => {
    const inputs = [random(1, [...shape]), random(2, [...filter]), random(3, [filter[3]])];
    await expectLikeCpu('direct', inputs, 30, (x, w, b) => [
      tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad),
      tf.fused.conv2d({
        ...{ x: x as tf.Tensor4D, filter: w as tf.Tensor4D, bias: b!, strides, pad },
        activation: 'relu',
      }),
    ]);
  });

  // Windows of six, of four and of other numbers of elements; channels that fill tiles of eight, and some that do not.
  it.each([
    [[3, 7, 4, 1], [3, 3, 1, 16], 1, 'same'],
    [[2, 9, 40, 1], [5, 5, 1, 8], 1, 'valid'],
    [[2, 11, 15, 3], [3, 3, 3, 24], 2, 'same'],
    [[1, 6, 300, 2], [1, 3, 2, 8], 1, 'valid'],
    [[2, 9, 9, 1], [2, 2, 1, 8], 2, 'valid'],
    [[2, 9, 9, 1], [3, 3, 1, 12], 1, 'valid'],
  ] as const)(
    'have filter gradients of cpu: %j by %j, strides %d, %s',
    async (shape, filter, strides, pad) => {
      const convolve = (x: tf.Tensor, w: tf.Tensor) =>
        tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad);
      const { shape: out } = tf.tidy(() => convolve(tf.zeros([...shape]), tf.zeros([...filter])));
      const inputs = [random(1, [...shape]), random(2, [...filter]), random(3, out)];
      await expectLikeCpu('direct', inputs, 900, (x, w, dy) =>
        tf.grads((x, w) => convolve(x!, w!))([x!, w!], dy!),
      );
    },
  );

  it('keep NaN where the ReLU would drop it', () => {
    const y = tf.tidy(() => {
      const x = tf.tensor4d([Number.NaN, ...Array<number>(24).fill(-1)], [1, 5, 5, 1]);
      return tf.fused
        .conv2d({
          x,
          filter: tf.ones([2, 2, 1, 3]),
          bias: tf.zeros([3]),
          strides: 1,
          pad: 'valid',
          activation: 'relu',
        })
        .dataSync();
    });
    expect([...y.slice(0, 6)]).toEqual([Number.NaN, Number.NaN, Number.NaN, 0, 0, 0]);
  });
});

onEveryImplementation('gather', () => {
  it('copies blocks along any axis, of floats and whole numbers, and refuses places that there are not', async () => {
    const places = { data: Int32Array.from([2, 0, 2, 1]), shape: [2, 2] };
    await expectLikeCpu('gather', [random(1, [3, 4, 20]), places], 0, (x, at) => [
      ...[0, 1, -1].map((axis) => tf.gather(x!, at as tf.Tensor2D, axis)),
      tf.gather(tf.cast(tf.mul(x!, 100), 'int32'), at as tf.Tensor2D, 1),
    ]);
    tf.tidy(() => {
      expect(() => tf.gather(tf.ones([3]), tf.tensor1d([3], 'int32'))).toThrow(/3 is not in \[0, 2\]/);
    });
  });
});
