import * as tf from '@tensorflow/tfjs';
import { it } from 'vitest';
import { expectLikeCpu, random, spoiled, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';
import type { Pair, Shape4 } from './windows.js';

const windows: Pair[] = [
  [2, 2],
  [3, 3],
  [2, 3],
  [1, 2],
  [1, 1],
];

/** The gradient of windows that lie side by side: where they all fit, are cut and hang over. */
async function expectGradientOfTiles(label: string, make: (shape: Shape4) => Values, dy: typeof make) {
  for (const window of windows)
    for (const [height, width] of [
      [6, 6],
      [7, 8],
    ] as const)
      for (const pad of ['valid', 'same'] as const) {
        const shape: Shape4 = [2, height, width, 5];
        const { outShape } = tf.backend_util.computePool2DInfo(shape, window, window, 1, pad);
        const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, window, window, pad);
        const inputs = [make(shape), dy(outShape)];
        await expectLikeCpu(`${label} ${window} ${shape} ${pad}`, inputs, 1, (x, dy) => [
          tf.grad(pool)(x!, dy),
        ]);
      }
}

onEveryImplementation('maxPool gradient of windows side by side', () => {
  it('passes on a dy that is not finite to the maximum alone', async () => {
    await expectGradientOfTiles(
      'dy',
      (shape) => random(1, shape, 2),
      (shape) => spoiled(2, shape, 5),
    );
  });

  it('finds the maximum among what is not finite', async () => {
    for (const every of [4, 5, 7])
      await expectGradientOfTiles(
        `x ${every}`,
        (shape) => spoiled(3, shape, every),
        (shape) => random(4, shape),
      );
  });

  it.each([Number.NaN, -Infinity, Infinity, 0, -3.4e38])('takes a plain of %d like cpu', async (value) => {
    await expectGradientOfTiles(
      `${value}`,
      (shape) => ({ ...random(5, shape), data: random(5, shape).data.fill(value) }),
      (shape) => random(6, shape),
    );
  });

  it('tells the smallest differences and the largest', async () => {
    for (const size of [1e-45, 3.4e38])
      await expectGradientOfTiles(
        `${size}`,
        (shape) => ({ shape, data: random(7, shape, 2).data.map((v) => Math.sign(v) * size) }),
        (shape) => random(8, shape),
      );
  });
});
