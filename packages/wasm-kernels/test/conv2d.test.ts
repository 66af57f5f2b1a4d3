import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { expectAdjoint, expectLikeCpu, random, sizeOf } from './compare.js';
import { onEveryImplementation } from './implementations.js';

type Pair = [number, number];
type Padding = 'same' | 'valid' | number | [Pair, Pair, Pair, Pair];

const images: Pair[] = [
  [7, 7],
  [8, 6],
  [5, 9],
  [12, 1],
  [1, 1],
];
const filters: Pair[] = [
  [1, 1],
  [3, 3],
  [2, 3],
  [5, 5],
];
const strides: (number | Pair)[] = [1, 2, 3, [1, 2], [2, 1]];
const paddings: Padding[] = [
  'same',
  'valid',
  1,
  [
    [0, 0],
    [2, 1],
    [0, 3],
    [0, 0],
  ],
  [
    [0, 0],
    [0, 0],
    [1, 0],
    [0, 0],
  ],
];
const channels: Pair[] = [
  [1, 4],
  [4, 8],
  [5, 9],
];

const rounding = (pad: Padding) => (typeof pad === 'string' ? undefined : 'floor');
const conv = (x: tf.Tensor, w: tf.Tensor, stride: number | Pair, pad: Padding) =>
  tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad, 'NHWC', 1, rounding(pad));

/** Shape of the output, or undefined where the filter does not fit. */
function outputShape(x: number[], w: number[], stride: number | Pair, pad: Padding): number[] | undefined {
  const [shape4, filter4] = [x as [number, number, number, number], w as [number, number, number, number]];
  const info = tf.backend_util.computeConv2DInfo(shape4, filter4, stride, 1, pad, rounding(pad));
  return info.outHeight > 0 && info.outWidth > 0 ? info.outShape : undefined;
}

/** cpu computes the wrong output size for these: see `explicitPadding`. */
const cpuIsWrong = (pad: Padding, [kh, kw]: Pair, stride: number | Pair) =>
  typeof pad === 'number' && (kh !== kw || Array.isArray(stride));

onEveryImplementation('conv2d', () => {
  it.each(filters.flatMap((filter) => paddings.map((pad) => [filter, pad] as const)))(
    'has the gradients of cpu, filter %j, padding %j',
    async (filter, pad) => {
      for (const size of images)
        for (const stride of strides)
          for (const [c, o] of channels) {
            const [x, w] = [
              [2, ...size, c],
              [...filter, c, o],
            ];
            const y = cpuIsWrong(pad, filter, stride) ? undefined : outputShape(x, w, stride, pad);
            if (!y) continue;
            const terms = Math.max(sizeOf(y) / o, sizeOf(filter) * o);
            const inputs = [random(1, x), random(2, w), random(3, y)];
            await expectLikeCpu(JSON.stringify({ size, stride, c, o }), inputs, terms, (x, w, dy) =>
              tf.grads((x, w) => conv(x!, w!, stride, pad))([x!, w!], dy),
            );
          }
    },
  );

  it('pads by a number as by the same padding written out', () => {
    tf.tidy(() => {
      const x = tf.tensor4d(random(1, [2, 6, 9, 3]).data, [2, 6, 9, 3]);
      const w = tf.tensor4d(random(2, [2, 3, 3, 4]).data, [2, 3, 3, 4]);
      for (const stride of [1, [2, 1], [1, 2]] as (number | Pair)[]) {
        const number = conv(x, w, stride, 1);
        const written = conv(x, w, stride, [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ]);
        expect(number.shape).toEqual(written.shape);
        expect(number.dataSync()).toEqual(written.dataSync());
        const gradients = tf.grads((x, w) => conv(x!, w!, stride, 1))([x, w]);
        expect(gradients.map((g) => g.shape)).toEqual([x.shape, w.shape]);
        expectAdjoint(`stride ${stride}`, x.shape, 1000, (x) => conv(x, w, stride, 1));
        expectAdjoint(`stride ${stride}`, w.shape, 1000, (w) => conv(x, w, stride, 1));
      }
    });
  });

  it('has the gradients of cpu in 1-D and transposed convolutions', async () => {
    for (const stride of [1, 2])
      for (const pad of ['same', 'valid'] as const) {
        await expectLikeCpu('conv1d', [random(1, [2, 9, 3]), random(2, [3, 3, 4])], 64, (x, w) =>
          tf.grads((x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, stride, pad))([x!, w!]),
        );
        for (const k of [1, 3, 4]) {
          const side = pad === 'same' ? 5 * stride : 4 * stride + k;
          const transposed = (x: tf.Tensor, w: tf.Tensor) =>
            tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [2, side, side, 3], stride, pad);
          await expectLikeCpu(
            `transposed ${k}`,
            [random(1, [2, 5, 5, 6]), random(2, [k, k, 3, 6])],
            200,
            (x, w) => [transposed(x!, w!), ...tf.grads((x, w) => transposed(x!, w!))([x!, w!])],
          );
        }
      }
  });

  it('answers zeros where the batch or dy is empty', () => {
    const attrs = { strides: 1, pad: 'same', dataFormat: 'NHWC', dimRoundingMode: 'floor' };
    tf.tidy(() => {
      const [x, dy, w] = [tf.zeros([0, 4, 4, 2]), tf.zeros([0, 4, 4, 3]), tf.ones([3, 3, 2, 3])];
      const filter: tf.Tensor = tf
        .engine()
        .runKernel('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: w.shape });
      const input: tf.Tensor = tf
        .engine()
        .runKernel('Conv2DBackpropInput', { dy, filter: w }, { ...attrs, inputShape: x.shape });
      expect(filter.shape).toEqual([3, 3, 2, 3]);
      expect(filter.dataSync()).toEqual(new Float32Array(54));
      expect(input.shape).toEqual([0, 4, 4, 2]);
    });
  });
});
