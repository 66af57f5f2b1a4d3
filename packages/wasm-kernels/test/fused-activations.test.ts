import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';
import { expectLikeCpu, random, spoiled, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';
import { wholeNumbers } from './random.js';

type Activation = NonNullable<Parameters<typeof tf.fused.matMul>[0]['activation']>;

const activations = ['linear', 'relu', 'relu6', 'elu', 'leakyrelu', 'sigmoid', 'prelu'] as const;

const product = (t: tf.Tensor[], activation: Activation, transposeA = false, transposeB = false) => {
  const [a, b, bias, slopes] = t as [tf.Tensor, tf.Tensor, tf.Tensor?, tf.Tensor?];
  return tf.fused.matMul({
    ...{ a, b, transposeA, transposeB, activation },
    ...(bias ? { bias } : {}),
    ...(slopes ? { preluActivationWeights: slopes } : {}),
  });
};

const image = (t: tf.Tensor[], activation: Activation, depthwise: boolean) => {
  const [x, filter, bias] = t as [tf.Tensor4D, tf.Tensor4D, tf.Tensor];
  const conv = { x, filter, bias, activation, strides: 1, pad: 'valid' } as const;
  return depthwise ? tf.fused.depthwiseConv2d(conv) : tf.fused.conv2d(conv);
};

const kinds = ['relu', 'relu6'] as const;

onEveryImplementation('a fused activation', () => {
  it.each(activations)('follows a product like on cpu: %s', async (activation) => {
    const pick = wholeNumbers(activation.length);
    for (let i = 0; i < 60; i++) {
      const [m, k, n] = [pick(1, 9), pick(1, 40), pick(1, 20)] as const;
      const [ta, tb] = [pick(0, 1) === 1, pick(0, 1) === 1];
      const stack = pick(0, 2) === 0 ? [pick(1, 3)] : [];
      const shapes = [[...stack, ...(ta ? [k, m] : [m, k])], [...stack, ...(tb ? [n, k] : [k, n])], [n], [n]];
      // Twenty for the few roundings of an exponential.
      const used = activation === 'prelu' ? shapes : shapes.slice(0, pick(2, 3));
      const values = used.map((shape, j) => random(10 * i + j, shape));
      await expectLikeCpu(JSON.stringify([ta, tb, used]), values, k + 20, (...t) => [
        product(t, activation, ta, tb),
      ]);
    }
  });

  it.each(kinds)('keeps NaN: %s', async (activation) => {
    const values: [Values, Values, Values] = [spoiled(1, [5, 9], 11), random(2, [9, 7]), random(3, [7])];
    await expectLikeCpu('product', values, 30, (...t) => [product(t, activation)]);
    await expectLikeCpu('one row', [spoiled(2, [1, 9], 5), ...values.slice(1)], 30, (...t) => [
      product(t, activation),
    ]);
    const x = spoiled(4, [2, 6, 6, 3], 29);
    for (const depthwise of [false, true]) {
      const filter = random(5, depthwise ? [3, 3, 3, 1] : [3, 3, 3, 4]);
      await expectLikeCpu(`${depthwise}`, [x, filter, random(6, [depthwise ? 3 : 4])], 60, (...t) => [
        image(t, activation, depthwise),
      ]);
    }
  });
});

describe.each(['fma', 'plain'] as const)('layers on the %s build', (implementation) => {
  it('predict bit by bit what they compute in training', async () => {
    await tf.setBackend('wasm');
    await registerTrainingKernels({ implementation });
    const layers = [
      tf.layers.conv2d({ filters: 5, kernelSize: 3, activation: 'relu', inputShape: [6, 6, 3] }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 9, activation: 'relu' }),
      tf.layers.dense({ units: 4 }),
    ];
    const model = tf.sequential({ layers });
    const x = tf.randomNormal([3, 6, 6, 3], 0, 1, 'float32', 1);
    tf.tidy(() => {
      const predicted = (model.predict(x) as tf.Tensor).dataSync();
      tf.variableGrads(() => {
        const y = model.apply(x, { training: true }) as tf.Tensor;
        expect(y.dataSync()).toEqual(predicted);
        return tf.sum(y) as tf.Scalar;
      });
    });
    model.dispose();
    x.dispose();
  });
});
