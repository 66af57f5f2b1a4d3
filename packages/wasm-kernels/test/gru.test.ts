import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';
import { expectLikeCpu, random, spoiled, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';
import { applyGru, gruGradients, gruShapes } from './layer-gradients.js';
import { cellSizes, kernelsOfLayer } from './layer-tools.js';

/** dh, x, h, kernel, recurrent kernel and bias. */
const valuesOf = (seed: number, rows: number, depth: number, units: number): Values[] =>
  Object.values(gruShapes(rows, depth, units)).map((shape, i) => random(seed * 10 + i, shape));

onEveryImplementation('the GRU cell', () => {
  describe.each(['sigmoid', 'hardSigmoid'] as const)('with %s gates', (gates) => {
    it('has the values and gradients of cpu for any number of rows and units', async () => {
      for (const { rows, depth, units, label, terms } of cellSizes)
        await expectLikeCpu(label, valuesOf(units, rows, depth, units), terms, gruGradients(gates));
    });

    it('passes on what is not finite', async () => {
      const values = valuesOf(3, 4, 3, 5).slice(1);
      values[0] = spoiled(1, [4, 3], 7);
      await expectLikeCpu('NaN', values, 60, (...t) => [applyGru(gates, t)]);
    });

    it('saturates as cpu does where the gates’ inputs are large', async () => {
      const values = valuesOf(4, 6, 3, 5);
      const large = Float32Array.from({ length: 15 }, (_, i) => (i % 2 ? 1 : -1) * 10 ** (i % 7));
      values[5] = { data: large, shape: [15] };
      await expectLikeCpu('saturated', values, 60, gruGradients(gates));
    });
  });

  it('is left to the Layers API without a bias and without rows', async () => {
    await expectLikeCpu('no bias', valuesOf(5, 4, 3, 5).slice(0, 5), 60, gruGradients('sigmoid'));
    await expectLikeCpu('no rows', valuesOf(5, 0, 3, 5).slice(1), 60, (...t) => [applyGru('sigmoid', t)]);
  });

  it('has second derivatives', async () => {
    const [, x, h, ...weights] = valuesOf(6, 3, 2, 4);
    const f = (...[x, h, ...weights]: tf.Tensor[]): tf.Tensor[] => {
      const inner = (h: tf.Tensor) => tf.sum(tf.square(applyGru('sigmoid', [x!, h, ...weights])));
      return [tf.grad((h) => tf.sum(tf.square(tf.grad(inner)(h))))(h!)];
    };
    await expectLikeCpu('twice', [x!, h!, ...weights], 500, f);
  });
});

describe('a GRU layer', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    await registerTrainingKernels();
  });

  const kernelsOf = (options: object) =>
    kernelsOfLayer(tf.layers.gru({ units: 3, inputShape: [4, 2], ...options }), [2, 4, 2], {
      training: false,
    });

  it('runs on the fused cell, unless it asks for what that lacks', async () => {
    expect(await kernelsOf({})).toContain('SamGru');
    for (const options of [{ activation: 'relu' }, { useBias: false }, { dropout: 0.5 }])
      expect(await kernelsOf(options)).not.toContain('SamGru');
  });

  it('still refuses states of another shape', () => {
    const cell = tf.layers.gruCell({ units: 3 });
    cell.build([2, 4]);
    expect(() => tf.tidy(() => cell.call([tf.ones([2, 4]), tf.ones([2, 5])], {}))).toThrow(/inner/);
    tf.dispose(cell.getWeights());
  });
});
