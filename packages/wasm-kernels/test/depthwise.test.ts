import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { expectAdjoint, expectLikeCpu, random, spoiled } from './compare.js';
import { onEveryImplementation } from './implementations.js';

type Padding = 'same' | 'valid' | number;
const conv = (x: tf.Tensor, w: tf.Tensor, stride: number, pad: Padding) =>
  tf.depthwiseConv2d(
    x as tf.Tensor4D,
    w as tf.Tensor4D,
    stride,
    pad,
    'NHWC',
    1,
    typeof pad === 'number' ? 'floor' : undefined,
  );

onEveryImplementation('depthwiseConv2d', () => {
  it.each(['same', 'valid', 1] as const)('is as on cpu, padding %s', async (pad) => {
    for (const size of [
      [7, 7],
      [8, 5],
    ])
      for (const k of [2, 3, 5])
        for (const stride of [1, 3])
          for (const c of [3, 7, 29]) {
            const inputs = [random(1, [2, ...size, c]), random(2, [k, k, c, 1])];
            await expectLikeCpu(JSON.stringify({ size, k, stride, c }), inputs, 60, (x, w) => [
              conv(x!, w!, stride, pad),
            ]);
          }
  });

  it('reads at a distance with a dilation: as a filter with zeros between', () => {
    for (const [height, width] of [
      [2, 3],
      [4, 1],
    ] as const)
      for (const pad of ['same', 'valid'] as const)
        tf.tidy(() => {
          const x = tf.tensor4d(random(1, [2, 11, 13, 6]).data, [2, 11, 13, 6]);
          const w = tf.tensor4d(random(2, [3, 3, 6, 1]).data, [3, 3, 6, 1]);
          const taps = (length: number, distance: number) =>
            tf.tensor2d(
              Array.from({ length: (length - 1) * distance + 1 }, (_, row) =>
                Array.from({ length }, (_, tap) => (row === tap * distance ? 1 : 0)),
              ),
            );
          const spread = tf.einsum('ai,bj,ijcm->abcm', taps(3, height), taps(3, width), w) as tf.Tensor4D;
          const dilated = tf.depthwiseConv2d(x, w, 1, pad, 'NHWC', [height, width]);
          const whole = tf.depthwiseConv2d(x, spread, 1, pad);
          expect(dilated.shape).toEqual(whole.shape);
          expect(tf.max(tf.abs(tf.sub(dilated, whole))).dataSync()[0]).toBeLessThan(1e-5);
        });
  });

  it.each(['same', 'valid', 1] as const)('has the gradients of cpu, padding %s', async (pad) => {
    for (const size of [
      [7, 7],
      [8, 5],
    ])
      for (const k of [1, 3, 5])
        for (const stride of [1, 2])
          for (const c of [1, 3, 4, 9])
            for (const m of [1, 2]) {
              const inputs = [random(1, [2, ...size, c]), random(2, [k, k, c, m])];
              await expectLikeCpu(JSON.stringify({ size, k, stride, c, m }), inputs, 120, (x, w) =>
                tf.grads((x, w) => conv(x!, w!, stride, pad))([x!, w!]),
              );
            }
  });

  it('agrees with cpu on what is not finite', async () => {
    const inputs = [spoiled(1, [1, 6, 6, 5], 29), spoiled(2, [3, 3, 5, 2], 31)];
    await expectLikeCpu('spoiled', inputs, 100, (x, w) =>
      tf.grads((x, w) => conv(x!, w!, 1, 'valid'))([x!, w!]),
    );
  });

  it.each([1, 2, 3])('inverts the roles of its arguments, dilation %i', (dilations) => {
    // cpu ignores the dilation and tfjs refuses the gradient: compare the kernels with the forward pass, which is linear.
    for (const m of [1, 2])
      for (const c of [3, 4])
        for (const pad of ['same', 'valid'] as const)
          tf.tidy(() => {
            const attrs = { strides: 1, pad, dilations, dimRoundingMode: 'floor' };
            const x = tf.tensor4d(random(1, [2, 11, 9, c]).data, [2, 11, 9, c]);
            const w = tf.tensor4d(random(2, [3, 3, c, m]).data, [3, 3, c, m]);
            const y = tf.depthwiseConv2d(x, w, 1, pad, 'NHWC', dilations);
            const dy = tf.tensor(random(3, y.shape).data, y.shape);
            const run = (name: string, inputs: tf.NamedTensorMap, more: object): tf.Tensor =>
              tf.engine().runKernel(`DepthwiseConv2dNativeBackprop${name}`, inputs, { ...attrs, ...more });
            const dw = run('Filter', { x, dy }, { filterShape: w.shape });
            const dx = run('Input', { dy, filter: w }, { inputShape: x.shape });
            const inner = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0]!;
            const want = inner(dy, y);
            // Sums of up to 1600 terms below 9.
            const tolerance = 1600 * 9 * 2 ** -24;
            expect(Math.abs(inner(dw, w) - want)).toBeLessThan(tolerance);
            expect(Math.abs(inner(dx, x) - want)).toBeLessThan(tolerance);
          });
  });

  it('pads by a number also where height and width differ', () => {
    const w = tf.tensor4d(random(2, [2, 3, 3, 2]).data, [2, 3, 3, 2]);
    expectAdjoint('numeric', [2, 6, 9, 3], 1000, (x) => conv(x, w, 1, 1));
    w.dispose();
  });
});
