import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { expectLikeCpu, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';

const whole = (data: number[], shape = [data.length]): Values => ({ data: Int32Array.from(data), shape });
const integers = whole([0, 1, -1, 2, -2, 3, 5, -7, 8, 100, -100, 1025, 256, 4096, 12]);
/** Nine booleans: more than fit in a vector, of no whole number of vectors. */
const zerosAndOnes = whole([0, 1, 1, 0, 1, 0, 0, 1, 1]);
const booleans = (x: tf.Tensor | undefined): tf.Tensor => tf.cast(x!, 'bool');

/** Operations on one tensor, by the types for which cpu's answers make sense. */
const ofBooleans = [
  ...[tf.abs, tf.neg, tf.relu, tf.relu6, tf.sign, tf.step, tf.round, tf.square, tf.selu, tf.softplus],
  ...[tf.acos, tf.acosh, tf.asin, tf.asinh, tf.atan, tf.atanh, tf.log1p, tf.reciprocal, tf.sinh, tf.exp],
  ...[tf.isFinite, tf.isInf, tf.isNaN, tf.leakyRelu, tf.logSigmoid],
] as const;
const ofIntegers = [
  ...[tf.abs, tf.neg, tf.relu, tf.relu6, tf.sign, tf.step, tf.round, tf.square, tf.isFinite, tf.isInf],
  ...[tf.isNaN, tf.acos, tf.acosh, tf.asin, tf.asinh, tf.atan, tf.atanh, tf.log1p, tf.reciprocal],
] as const;

const named = (f: (x: tf.Tensor) => tf.Tensor) => [f.name.replace('__op', ''), f] as const;

/** The type of a tensor, as a number. */
const type = (t: tf.Tensor): tf.Tensor => tf.scalar(['float32', 'int32', 'bool'].indexOf(t.dtype));

onEveryImplementation('types that are no floats', () => {
  it.each(ofBooleans.map(named))('have %s of booleans', async (name, f) => {
    await expectLikeCpu(name, [zerosAndOnes], 4, (x) => [f(booleans(x)), type(f(booleans(x)))]);
  });

  it.each(ofIntegers.map(named))('have %s of whole numbers', async (name, f) => {
    await expectLikeCpu(name, [integers], 4, (x) => [f(x!), type(f(x!))]);
  });

  it('have expm1 of booleans, in floats', () => {
    const got = tf.tidy(() => tf.expm1(tf.tensor1d([0, 1, 1, 0, 1], 'bool')).dataSync());
    expect([...got]).toEqual([0, 1, 1, 0, 1].map((x) => expect.closeTo(x * (Math.E - 1), 6)));
  });

  it.each([
    [-1, 2],
    [0.5, 2.5],
    [-2.5, -0.5],
    [-Infinity, 4],
    [-3, Infinity],
  ])('are clipped between %d and %d', async (low, high) => {
    await expectLikeCpu('whole', [integers], 0, (x) => [tf.clipByValue(x!, low, high)]);
    if (low >= 0)
      await expectLikeCpu('bool', [zerosAndOnes], 0, (x) => [tf.clipByValue(booleans(x), low, 1)]);
  });

  it('are clipped without rounding', async () => {
    await expectLikeCpu('large', [whole([2 ** 24 + 1, -(2 ** 24) - 1, 2 ** 31 - 1])], 0, (x) => [
      tf.clipByValue(x!, -(2 ** 30), 2 ** 30),
    ]);
  });

  it('are chosen by where', async () => {
    for (const shape of [[9], [9, 1]])
      await expectLikeCpu(
        'where',
        [{ ...zerosAndOnes, shape }, whole([1, 1, 0, 0, 1, 0, 1, 0, 1])],
        0,
        (c, x) => {
          const y = tf.reshape(booleans(x), shape);
          return [tf.where(booleans(c), y, tf.logicalNot(y)), tf.where(booleans(c), y, tf.zerosLike(y))];
        },
      );
  });

  it('are reversed', async () => {
    await expectLikeCpu('bool', [whole([0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0], [3, 4])], 0, (x) =>
      [0, 1, [0, 1]].map((axis) => tf.reverse(booleans(x), axis)),
    );
  });

  it.each(['int32', 'bool'] as const)('are sliced with strides, %s', async (dtype) => {
    const x = whole(
      Array.from({ length: 60 }, (_, i) => (i * 7) % 4),
      [3, 4, 5],
    );
    await expectLikeCpu(dtype, [x], 0, (x) => {
      const y = tf.cast(x!, dtype);
      const slices = [
        tf.stridedSlice(y, [0, 3, 4], [3, 0, 0], [2, -1, -2]),
        tf.stridedSlice(y, [0, 1], [3, 4], [1, 2]),
        tf.stridedSlice(y, [1, 0, 1], [3, 4, 5], [1, 3, 2], 2, 4),
      ];
      return [...slices, ...slices.map(type)];
    });
  });

  it.each([
    [1, 0],
    [0.9, 0.05],
    [0, 1],
    [-3, 2.5],
  ])('have one-hot rows of %d and %d', async (on, off) => {
    for (const ids of [whole([0, 2, -1, 5]), whole([1, 0, 2, 2], [2, 2]), whole([1], []), whole([])])
      await expectLikeCpu('one-hot', [ids], 0, (ids) => {
        const rows = [
          tf.oneHot(ids!, 3, on, off, 'float32'),
          tf.oneHot(ids!, 3, 1, 0, 'bool'),
          tf.oneHot(ids!, 3, 4, -2),
        ];
        return [...rows, ...rows.map(type)];
      });
  });

  it('have one-hot labels with smoothing for a loss and its gradient', async () => {
    await expectLikeCpu('loss', [whole([0, 2, 1])], 40, (ids) => {
      const labels = tf.oneHot(ids!, 3, 0.9, 0.05, 'float32');
      const loss = (z: tf.Tensor) => tf.losses.softmaxCrossEntropy(labels, z) as tf.Tensor;
      const logits = tf.tensor2d([1, -2, 0.5, 0.25, 0, 3, -1, 1, 2], [3, 3]);
      return [loss(logits), tf.grad(loss)(logits)];
    });
  });

  it('have the remainder by 0', async () => {
    await expectLikeCpu('mod', [integers, whole([0, 3, -3])], 0, (a, b) => [
      tf.mod(tf.reshape(a!, [-1, 1]), b!),
      tf.mod(a!, tf.scalar(0, 'int32')),
      tf.mod(a!, tf.scalar(3, 'int32')),
    ]);
  });

  it('have products of matrices, and so a confusion matrix', async () => {
    await expectLikeCpu('matMul', [whole([1, 2, -3, 4, 5, 6], [2, 3])], 0, (a) => {
      const product = tf.matMul(a!, a!, false, true);
      return [product, type(product)];
    });
    await expectLikeCpu('confusion', [whole([0, 2, 1, 1]), whole([0, 1, 1, 2])], 0, (labels, answers) => [
      tf.math.confusionMatrix(labels as tf.Tensor1D, answers as tf.Tensor1D, 3),
    ]);
  });

  it('have a histogram of an image, and so a threshold by Otsu', async () => {
    const image = whole(
      Array.from({ length: 20 }, (_, i) => (i * 37) % 256),
      [4, 5, 1],
    );
    await expectLikeCpu('otsu', [image], 0, (x) => [tf.image.threshold(x as tf.Tensor3D, 'otsu')]);
  });
});
