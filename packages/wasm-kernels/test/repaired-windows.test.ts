import * as tf from '@tensorflow/tfjs';
import { it } from 'vitest';
import { expectLikeCpu, random, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';

type Size = number | [number, number, number];
type Padding = 'same' | 'valid' | number;

/** Windows over volumes: size, strides, padding and rounding. */
const volumes: [Size, Size, Padding, 'floor' | 'ceil' | 'round' | undefined][] = [
  [2, 2, 'valid', undefined],
  [2, 2, 'same', undefined],
  [3, 1, 'same', undefined],
  [2, 3, 'same', undefined],
  [1, 2, 'valid', undefined],
  [2, 1, 1, 'floor'],
  [3, 2, 1, 'round'],
  // Windows in the padding altogether.
  [2, 3, 1, 'ceil'],
  [[1, 2, 2], [1, 2, 2], 2, 'floor'],
  [[2, 1, 3], [2, 1, 1], 'same', undefined],
];

/** Numbers in [−1, 1), of both signs, in few levels or all below 0. */
const inputs = (shape: readonly number[]): Values[] => {
  const [mixed, ties] = [random(1, shape), random(2, shape, 2)];
  return [mixed, ties, { ...mixed, data: mixed.data.map((v) => v - 2) }];
};

/** The same with NaN and ±∞. */
const spoilt = (shape: readonly number[]): Values => {
  const { data } = random(3, shape);
  const bad = [Number.NaN, Infinity, -Infinity];
  return { shape, data: Float32Array.from(data, (v, i) => (i % 5 === 2 ? bad[i % 3]! : v)) };
};

onEveryImplementation('maxima of windows without a positive value', () => {
  it.each(volumes)('in maxPool3d, size %j, strides %j, %j, %s', async (size, strides, pad, rounding) => {
    const pool = (x: tf.Tensor) => tf.maxPool3d(x as tf.Tensor5D, size, strides, pad, rounding);
    const shape = [2, 5, 4, 3, 3];
    for (const x of [...inputs(shape), spoilt(shape)]) await expectLikeCpu('pool', [x], 0, (x) => [pool(x!)]);
    // cpu mixes up rows and columns of windows that are no cubes.
    if (typeof size === 'number')
      await expectLikeCpu('gradient', inputs(shape).slice(0, 1), 8, (x) => [tf.grad(pool)(x!)]);
  });

  it('in maxPool3d of whole numbers, of nothing, and of a layer', async () => {
    const whole = {
      data: Int32Array.from({ length: 64 }, (_, i) => ((i * 7) % 9) - 10),
      shape: [1, 4, 4, 4, 1],
    };
    await expectLikeCpu('whole', [whole], 0, (x) => [tf.maxPool3d(x as tf.Tensor5D, 2, 2, 'same')]);
    await expectLikeCpu('nothing', [random(1, [0, 4, 4, 4, 2])], 0, (x) => [
      tf.maxPool3d(x as tf.Tensor5D, 2, 2, 'same'),
    ]);
    await expectLikeCpu('layer', [inputs([2, 4, 4, 4, 2])[2]!], 0, (x) => {
      const layer = tf.layers.maxPooling3d({ poolSize: [2, 2, 2], dataFormat: 'channelsLast' });
      return [layer.apply(x!) as tf.Tensor];
    });
  });

  it('in maxPoolWithArgmax, and the first of equals', async () => {
    for (const [size, strides, pad] of [
      [2, 2, 'valid'],
      [3, 2, 'same'],
      [1, 2, 'same'],
      [2, 3, 'same'],
      [3, 1, 1],
    ] as const)
      for (const batch of [false, true])
        for (const x of [
          ...inputs([2, 5, 6, 3]),
          { data: Int32Array.from({ length: 180 }, (_, i) => ((i * 7) % 5) - 3), shape: [2, 5, 6, 3] },
        ])
          await expectLikeCpu(`${size} ${strides} ${pad} ${batch}`, [x], 0, (x) => {
            const pooled = [x!, tf.greater(x!, 0)].map((t) =>
              tf.maxPoolWithArgmax(t as tf.Tensor4D, size, strides, pad, batch),
            );
            return pooled.flatMap(({ result, indexes }) => [result!, indexes!]);
          });
  });

  it('in dilation2d and its gradients', async () => {
    for (const [strides, pad, dilations] of [
      [1, 'same', 1],
      [2, 'same', 1],
      [[1, 2], 'valid', 1],
      [1, 'same', 2],
    ] as [number | [number, number], 'same' | 'valid', number][])
      for (const x of inputs([2, 5, 6, 3])) {
        const f = (x: tf.Tensor, w: tf.Tensor) =>
          tf.dilation2d(x as tf.Tensor4D, w as tf.Tensor3D, strides, pad, dilations);
        await expectLikeCpu(`${strides} ${pad} ${dilations}`, [x, random(4, [2, 3, 3])], 60, (x, w) => [
          f(x!, w!),
          ...tf.grads((x, w) => f(x!, w!))([x!, w!]),
        ]);
      }
  });
});
