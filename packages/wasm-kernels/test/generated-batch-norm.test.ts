import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { trainingBatchNorm } from '../src/index.js';
import { evaluate, expectFiniteLikeCpu, expectLikeCpu, random, sizeOf, spoiled } from './compare.js';
import { onEveryImplementation } from './implementations.js';
import { shapeOf, wholeNumbers } from './random.js';

/** Bounds the inverse deviation by 2. */
const EPSILON = 1 / 4;

/** Ours on wasm, TensorFlow.js's own operations on cpu. */
function normalized(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor[] {
  if (tf.getBackend() === 'wasm') {
    const { y, mean, variance } = trainingBatchNorm(x, gamma, beta, EPSILON);
    return [y, mean, variance];
  }
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const { mean, variance } = tf.moments(x, axes);
  const scaled = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
  return [tf.add(tf.mul(scaled, gamma), beta), mean, variance];
}

function valuesAndGradients(...[x, gamma, beta, dy]: tf.Tensor[]): tf.Tensor[] {
  const inputs = [x!, gamma!, beta!];
  const f = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => normalized(x, gamma, beta);
  return [...f(x!, gamma!, beta!), ...tf.grads((x, gamma, beta) => f(x!, gamma!, beta!)[0]!)(inputs, dy)];
}

onEveryImplementation('batch normalisation of generated shapes', () => {
  it('has the values and gradients of its definition, single elements included', async () => {
    const pick = wholeNumbers(34);
    for (let i = 0; i < 90; i++) {
      // Ranks 2 to 5.
      const shape = i < 5 ? Array(2 + (i % 4)).fill(1) : shapeOf(pick, 2 + (i % 4), [40, 12, 6, 4][i % 4]!);
      const columns = shape.at(-1)!;
      const inputs = [random(4 * i, shape), random(1, [columns]), random(2, [columns]), random(3, shape)];
      // The cube of the inverse deviation appears in the gradient; a few roundings besides those of the sums.
      const terms = 8 * (sizeOf(shape) / columns + 8);
      await expectLikeCpu(`${shape}`, inputs, terms, valuesAndGradients);
    }
  });

  it.each(['x', 'gamma', 'beta', 'dy'])('hides nothing in %s that is not finite', async (name) => {
    const pick = wholeNumbers(35);
    for (let i = 0; i < 25; i++) {
      const shape = shapeOf(pick, 2 + (i % 3), 6);
      const columns = shape.at(-1)!;
      const shapes = { x: shape, gamma: [columns], beta: [columns], dy: shape };
      const inputs = Object.entries(shapes).map(([key, shape], j) =>
        key === name ? spoiled(i, shape, 4) : random(4 * i + j, shape),
      );
      await expectFiniteLikeCpu(`${shape}`, inputs, valuesAndGradients);
    }
  });

  it('leaves an empty batch empty', () => {
    for (const shape of [
      [0, 3],
      [2, 0, 3],
      [1, 0, 2, 3],
    ]) {
      const inputs = [random(1, shape), random(2, [3]), random(3, [3])];
      const [y] = evaluate(inputs, (x, gamma, beta) => normalized(x!, gamma!, beta!));
      expect(y!.shape).toEqual(shape);
    }
  });
});
