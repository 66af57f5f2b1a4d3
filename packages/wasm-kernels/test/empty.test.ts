import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { layerNorm, softmaxCrossEntropy, trainingBatchNorm } from '../src/index.js';
import { type Computation, evaluate, expectLikeCpu, random, sizeOf } from './compare.js';
import { run, window } from './computations.js';
import { onEveryImplementation } from './implementations.js';
import * as layers from './layer-gradients.js';

/** Leaves numbers in free parts of the heap of every small size: what a kernel answers with that writes nothing. */
function litterHeap(): void {
  const sizes = Array.from({ length: 40 }, (_, i) => 1 + (i % 20));
  const tensors = sizes.map((size) => tf.fill([size], 7));
  for (const tensor of tensors) tensor.dataSync();
  tf.dispose(tensors);
}

/** Expects the results of cpu for random inputs of these shapes: zeros where one is empty, else up to a few roundings. */
const expectSame = (shapes: readonly (readonly number[])[], f: Computation) =>
  expectLikeCpu(
    JSON.stringify(shapes),
    shapes.map((shape, i) => random(i, shape)),
    shapes.some((shape) => sizeOf(shape) === 0) ? 0 : 60,
    (...t) => {
      litterHeap();
      return f(...t);
    },
  );

const attrs = { ...window, filterSize: 2 };
/** Images without a batch, height, width or channels, and of one element. */
const images = [[0, 4, 4, 2], [2, 0, 4, 2], [2, 4, 0, 2], [2, 4, 4, 0], [1, 1, 1, 1]]; // biome-ignore format: a table
/** Images and filters without a batch, channels in or out, and of one element. */
const filtered = [
  [[0, 4, 4, 2], [3, 3, 2, 3]],
  [[2, 4, 4, 0], [3, 3, 0, 2]],
  [[2, 4, 4, 3], [3, 3, 3, 0]],
  [[1, 1, 1, 1], [1, 1, 1, 1]],
]; // biome-ignore format: a table
const products = [[0, 3, 2], [2, 0, 2], [2, 3, 0], [1, 1, 1]]; // biome-ignore format: a table
const reductions: [shape: number[], axes: number[]][] = [
  [[0], [0]], [[0, 3], [0]], [[3, 0], [1]], [[2, 0, 3], [0, 1]], [[1], [0]],
]; // biome-ignore format: a table

type Filter = (x: tf.Tensor4D, w: tf.Tensor4D) => tf.Tensor;
const gradientsOf =
  (f: Filter): Computation =>
  (x, w) =>
    tf.grads((x, w) => f(x as tf.Tensor4D, w as tf.Tensor4D))([x!, w!]);

onEveryImplementation('empty tensors and single elements', () => {
  it('have the gradients of pooling', async () => {
    for (const [n, height, width, channels] of images as [number, number, number, number][]) {
      const y = [n, Math.ceil(height / 2), Math.ceil(width / 2), channels];
      await expectSame([[n, height, width, channels], y], (x, dy) => [
        ...run('MaxPoolGrad', { input: x!, output: dy!, dy: dy! }, attrs),
        ...run('AvgPoolGrad', { input: x!, dy: dy! }, attrs),
      ]);
    }
    for (const image of [images[0]!, images.at(-1)!])
      await expectSame([image], (x) =>
        [tf.maxPool, tf.avgPool].map((pool) => tf.grad((x) => pool(x as tf.Tensor4D, 2, 2, 'same'))(x!)),
      );
  });

  it.each(filtered)('have the gradients of convolutions for %j and %j', async (image, filter) => {
    const shapes = [image!, filter!];
    await expectSame(
      shapes,
      gradientsOf((x, w) => tf.depthwiseConv2d(x, w, 1, 'same')),
    );
    // TensorFlow.js's own kernel complains of no channels out, and the Layers API refuses them.
    if (filter![3] === 0) return;
    await expectSame(
      shapes,
      gradientsOf((x, w) => tf.conv2d(x, w, 1, 'same')),
    );
    if (filter![2] === 0) return;
    const layer = layers.conv2dGradients({ padding: 'same' });
    const y = [...image!.slice(0, 3), filter![3]!];
    await expectSame([y, ...shapes, [filter![3]!]], (dy, ...t) => layer(dy!, ...t));
  });

  it('come out where a window is longer than the image by one, and leave the heap alone', async () => {
    const [image, filter] = [
      [2, 6, 2, 3],
      [3, 3, 3, 3],
    ];
    // What is written outside of an empty output damages the allocator: later tensors show it.
    const survives = (): tf.Tensor => tf.addN(Array.from({ length: 40 }, (_, i) => tf.fill([1], i)));
    for (const dilation of [1, 2]) {
      const wide = [image[0]!, 6, 2 * dilation, 3];
      const conv: Filter = (x, w) => tf.conv2d(x, w, 1, 'valid', 'NHWC', dilation);
      const depthwise: Filter = (x, w) => tf.depthwiseConv2d(x, w, 1, 'valid', 'NHWC', dilation);
      for (const f of [conv, depthwise])
        await expectSame([wide, filter], (x, w) => {
          const y = f(x as tf.Tensor4D, w as tf.Tensor4D);
          // TensorFlow.js has no gradients of dilated convolutions.
          return [y, ...(dilation === 1 ? gradientsOf(f)(x!, w!) : []), survives()];
        });
    }
    for (const activation of ['linear', 'relu', 'relu6', 'elu'] as const)
      await expectSame([image, filter, [3]], (x, w, bias) => {
        const layer = { x: x as tf.Tensor4D, filter: w as tf.Tensor4D, bias: bias!, activation };
        const window = { strides: 1, pad: 'valid' } as const;
        return [
          tf.fused.conv2d({ ...layer, ...window }),
          tf.fused.depthwiseConv2d({ ...layer, ...window, filter: tf.slice(layer.filter, 0, [3, 3, 3, 1]) }),
          survives(),
        ];
      });
    for (const pool of [tf.maxPool, tf.avgPool] as const) {
      const f = (x: tf.Tensor) => pool(x as tf.Tensor4D, 3, 1, 'valid');
      await expectSame([image], (x) => [f(x!), tf.grad(f)(x!), survives()]);
    }
  });

  it('are not what a window gives that is longer than the image by more', () => {
    tf.tidy(() => {
      const [x, w] = [tf.ones<tf.Rank.R4>([2, 6, 2, 3]), tf.ones<tf.Rank.R4>([4, 4, 3, 3])];
      const bias = tf.zeros([3]);
      for (const f of [
        () => tf.conv2d(x, w, 1, 'valid'),
        () => tf.fused.conv2d({ x, filter: w, bias, strides: 1, pad: 'valid', activation: 'relu' }),
        () => tf.depthwiseConv2d(x, w, 1, 'valid'),
        () => tf.maxPool(x, 4, 1, 'valid'),
        () => tf.avgPool(x, 4, 1, 'valid'),
      ])
        expect(f).toThrow(/expected an image that a window of 4×4 fits into, got 6×2\. .*'same'/);
      const layer = tf.layers.conv2d({ filters: 2, kernelSize: 4, activation: 'relu' });
      expect(() => layer.apply(x)).toThrow(/fits into/);
      layer.dispose();
    });
  });

  it.each([0, 1])('have the gradients of recurrent cells and dense layers with %i rows', async (rows) => {
    const [lstm, gru, dense] = [
      layers.lstmGradients('sigmoid'),
      layers.gruGradients('sigmoid'),
      layers.denseGradients('relu'),
    ];
    for (const units of [1, 4]) {
      await expectSame(Object.values(layers.lstmShapes(rows, 1, units)), (dh, dc, ...t) =>
        lstm(dh!, dc!, ...t),
      );
      await expectSame(Object.values(layers.gruShapes(rows, 1, units)), (dh, ...t) => gru(dh!, ...t));
      await expectSame(Object.values(layers.denseShapes([2, rows], 1, units)), (dy, ...t) =>
        dense(dy!, ...t),
      );
    }
  });

  it.each(products)('have the gradients of matMul, %i by %i by %i', (m, k, n) =>
    expectSame(
      [
        [m!, k!],
        [k!, n!],
      ],
      (a, b) => tf.grads((a, b) => tf.matMul(a!, b!))([a!, b!]),
    ),
  );

  it.each(reductions)('have the sum and the mean of %j over %j', async (shape, axes) => {
    for (const keep of [false, true])
      await expectSame([shape], (x) => [tf.sum(x!, axes, keep), tf.mean(x!, axes, keep)]);
  });

  it.each(['none', 'mean'] as const)(
    'have softmax cross-entropy and its gradients, %s',
    async (reduction) => {
      const loss = (p: tf.Tensor, z: tf.Tensor) => softmaxCrossEntropy(p, z, reduction);
      for (const shape of [[0, 3], [2, 0, 3], [3, 0], [1, 1], [1]])
        await expectSame([shape, shape], (p, z) => [
          loss(p!, z!),
          ...tf.grads((p, z) => loss(p!, z!))([p!, z!]),
        ]);
    },
  );

  it('have the gradients of layer normalisation', async () => {
    const y = (...t: tf.Tensor[]) => layerNorm(t[0]!, t[1]!, t[2]!);
    for (const shape of [[0, 3], [2, 0, 3], [1, 1], [1]])
      await expectSame([shape, [shape.at(-1)!], [shape.at(-1)!]], (...t) => [y(...t), ...tf.grads(y)(t)]);
  });

  // The statistics of no rows are 0, as the mean of nothing is on cpu, and no gradient passes through them.
  it('have the gradients of batch normalisation', async () => {
    const all = (...t: tf.Tensor[]) => trainingBatchNorm(t[0]!, t[1]!, t[2]!);
    const f: Computation = (...t) => {
      const { y, mean, variance } = all(...t);
      return [y, mean, variance, ...tf.grads((...t) => all(...t).y)(t)];
    };
    for (const shape of [
      [0, 3],
      [2, 0, 3],
      [1, 0, 2, 3],
      [5, 0],
      [0, 0],
    ]) {
      const shapes = [shape, [shape.at(-1)!], [shape.at(-1)!]];
      await expectSame(shapes, f);
      const outs = evaluate(
        shapes.map((shape, i) => random(i, shape)),
        f,
      );
      for (const { data } of outs) expect(data).toEqual(new Float32Array(data.length));
    }
  });
});
