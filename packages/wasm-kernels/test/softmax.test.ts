import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { softmaxCrossEntropy } from '../src/index.js';
import { expectLikeCpu, random, spoiled, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';

/** Rows that sum to 1, to 0 and to 2. */
const labelsOf = (shape: readonly number[]): Values => {
  const [columns, size] = [shape.at(-1)!, shape.reduce((a, b) => a * b, 1)];
  const data = Float32Array.from({ length: size }, (_, i) => {
    const row = Math.floor(i / columns);
    return i % columns === (row * 7) % columns ? row % 3 : 0;
  });
  return { data, shape };
};

const valueAndGradient = (labels: tf.Tensor, logits: tf.Tensor, dy: tf.Tensor) => [
  softmaxCrossEntropy(labels, logits),
  tf.grad((z) => tf.sum(tf.mul(softmaxCrossEntropy(labels, z), dy)))(logits),
];

onEveryImplementation('softmax cross-entropy', () => {
  it('has the values and gradients of cpu', async () => {
    for (const columns of [1, 2, 3, 4, 5, 8, 10, 33])
      for (const rows of [[], [1], [7], [3, 4], [0]]) {
        const shape = [...rows, columns];
        const values = [labelsOf(shape), random(columns, shape), random(columns + 1, rows)];
        const f = ([labels, logits, dy]: tf.Tensor[]) => valueAndGradient(labels!, logits!, dy!);
        await expectLikeCpu(`${shape}`, values, 30 + 2 * columns, (...t) => f(t));
      }
  });

  it('has the mean of all rows, and its gradients', async () => {
    const gradients = (dy: tf.Tensor, labels: tf.Tensor, logits: tf.Tensor) =>
      tf.grads((p, z) => softmaxCrossEntropy(p!, z!, 'mean'))([labels, logits], dy);
    for (const columns of [1, 3, 10])
      for (const rows of [[], [1], [7], [3, 4]]) {
        const shape = [...rows, columns];
        const values = [random(1, []), labelsOf(shape), random(columns, shape)];
        await expectLikeCpu(`${shape}`, values, 60 + 2 * columns, (dy, p, z) => [
          softmaxCrossEntropy(p!, z!, 'mean'),
          tf.sub(softmaxCrossEntropy(p!, z!, 'mean'), tf.mean(softmaxCrossEntropy(p!, z!))),
          ...gradients(dy!, p!, z!),
          ...tf.grads((p, z) => tf.mean(softmaxCrossEntropy(p!, z!)))([p!, z!], dy),
        ]);
      }
  });

  it('has them far from zero', async () => {
    const logits = { data: Float32Array.of(1e4, 0, -1e4, 88, -88, 0, 1e30, 1e30, -1e30), shape: [3, 3] };
    const f = ([labels, z, dy]: tf.Tensor[]) => valueAndGradient(labels!, z!, dy!);
    await expectLikeCpu('large', [labelsOf([3, 3]), logits, random(1, [3])], 40, (...t) => f(t));
  });

  it('is what tf.losses has for one-hot labels', async () => {
    const labels = tf.oneHot([0, 2, 1], 3);
    const logits = tf.tensor2d(random(4, [3, 3]).data, [3, 3]);
    const want = tf.losses.softmaxCrossEntropy(labels, logits).dataSync()[0]!;
    expect(tf.mean(softmaxCrossEntropy(labels, logits)).dataSync()[0]).toBeCloseTo(want, 6);
    tf.dispose([labels, logits]);
  });

  it('passes on what is not finite', async () => {
    const values = [labelsOf([6, 4]), spoiled(3, [6, 4], 9)];
    await expectLikeCpu('NaN', values, 40, (labels, z) => [softmaxCrossEntropy(labels!, z!)]);
  });

  it('takes integer labels, and refuses other shapes', () => {
    tf.tidy(() => {
      const logits = tf.tensor2d([[1, 2, 3]]);
      const [loss] = softmaxCrossEntropy(tf.tensor2d([[0, 0, 1]], [1, 3], 'int32'), logits).dataSync();
      expect(loss).toBeCloseTo(Math.log(Math.exp(-2) + Math.exp(-1) + 1), 6);
      expect(() => softmaxCrossEntropy(tf.zeros([1, 2]), logits)).toThrow(/one shape/);
      expect(() => softmaxCrossEntropy(logits, logits, 'sum' as 'mean')).toThrow(/reduction.*got "sum"/);
    });
  });
});
