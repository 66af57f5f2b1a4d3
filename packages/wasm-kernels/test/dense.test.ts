import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';
import { expectLikeCpu, random, spoiled, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';
import { applyDense, denseGradients, denseShapes } from './layer-gradients.js';
import { kernelsOfLayer } from './layer-tools.js';

type DenseArguments = Parameters<typeof tf.layers.dense>[0];
/** dy, x, kernel and bias. */
const valuesOf = (seed: number, outer: readonly number[], depth: number, units: number): Values[] =>
  Object.values(denseShapes(outer, depth, units)).map((shape, i) => random(seed * 10 + i, shape));

onEveryImplementation('a dense layer', () => {
  describe.each(['linear', 'relu', 'tanh', 'softmax'] as const)('with %s', (activation) => {
    it('has the values and gradients of cpu for any number of rows, inputs and units', async () => {
      for (const units of [1, 3, 4, 7, 8, 13, 64, 515]) {
        for (const [outer, depth] of [
          [[1], 1],
          [[3], 2],
          [[8], 300],
          [[33], 17],
          [[2, 5], 6],
          [[2, 1, 3], 9],
        ] as const) {
          const values = valuesOf(units, outer, depth, units);
          const terms = 40 + depth + units + 40;
          const f = denseGradients(activation);
          await expectLikeCpu(`${outer}×${depth}×${units}`, values, terms, f);
        }
      }
    });
  });

  it('has ReLU’s gradient at its kink', async () => {
    const [dy, , kernel] = valuesOf(1, [5], 4, 6) as [Values, Values, Values];
    const zero = { data: new Float32Array(20), shape: [5, 4] };
    const bias = { data: Float32Array.of(0, -0, 1, -1, 0, 2), shape: [6] };
    await expectLikeCpu('kink', [dy, zero, kernel, bias], 10, denseGradients('relu'));
  });

  it('takes no rows', async () => {
    const [, , kernel, bias] = valuesOf(1, [1], 4, 6) as [Values, Values, Values, Values];
    const none = (columns: number): Values => ({ data: new Float32Array(), shape: [0, columns] });
    await expectLikeCpu('none', [none(6), none(4), kernel, bias], 1, denseGradients('relu'));
  });

  it('passes on what is not finite', async () => {
    const [dy, , kernel, bias] = valuesOf(2, [9], 4, 6) as [Values, Values, Values, Values];
    const values = [dy, spoiled(1, [9, 4], 11), kernel, bias];
    await expectLikeCpu('NaN', values, 20, (...t) =>
      denseGradients('relu')(...(t as [tf.Tensor])).slice(0, 1),
    );
  });

  it('is left to the Layers API without a bias', async () => {
    await expectLikeCpu('no bias', valuesOf(3, [7], 4, 6).slice(0, 3), 20, denseGradients('relu'));
  });

  it('has second derivatives', async () => {
    const f = (...[dy, x, kernel, bias]: tf.Tensor[]): tf.Tensor[] => {
      const loss = (x: tf.Tensor) => {
        const y = (x: tf.Tensor) => applyDense('relu', x, [kernel!, bias!]);
        return tf.sum(tf.square(tf.grad((x) => tf.sum(tf.mul(dy!, tf.square(y(x)))))(x)));
      };
      return [tf.grad(loss)(x!)];
    };
    await expectLikeCpu('twice', valuesOf(4, [5], 4, 6), 400, f);
  });
});

describe('a dense layer in a model', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    await registerTrainingKernels();
  });

  const layerOf = (options: Partial<DenseArguments> = {}) =>
    tf.layers.dense({ units: 3, inputShape: [4], ...options });

  const kernelsOf = (options: Partial<DenseArguments>, training: boolean) =>
    kernelsOfLayer(layerOf(options), [2, 4], { training });

  it('runs on the fused kernel in training, unless it has no bias', async () => {
    expect(await kernelsOf({ activation: 'relu' }, true)).toContain('SamDense');
    expect(await kernelsOf({ activation: 'relu' }, true)).not.toContain('Relu');
    expect(await kernelsOf({ activation: 'tanh' }, true)).toEqual(
      expect.arrayContaining(['SamDense', 'Tanh']),
    );
    expect(await kernelsOf({ useBias: false }, true)).not.toContain('SamDense');
    expect(await kernelsOf({ activation: 'relu' }, false)).not.toContain('SamDense');
  });

  it('calls the hook of its call', () => {
    const layer = layerOf();
    const hook = vi.fn();
    layer.setCallHook(hook);
    tf.tidy(() => void tf.grad((x) => layer.apply(x) as tf.Tensor)(tf.ones([2, 4])));
    expect(hook).toHaveBeenCalledTimes(1);
    layer.dispose();
  });

  it('still refuses an input of another width by the Layers API’s own words', () => {
    const layer = layerOf();
    layer.apply(tf.ones([1, 4]));
    expect(() => tf.grad((x) => layer.apply(x) as tf.Tensor)(tf.ones([2, 5]))).toThrow(/axis -1/);
    layer.dispose();
  });
});
