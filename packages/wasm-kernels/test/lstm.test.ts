import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';
import { expectLikeCpu, random, spoiled, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';
import { applyLstm, lstmGradients, lstmShapes } from './layer-gradients.js';
import { cellSizes, kernelsOfLayer } from './layer-tools.js';

/** dh, dc, x, h, c, kernel, recurrent kernel and bias. */
const valuesOf = (seed: number, rows: number, depth: number, units: number): Values[] =>
  Object.values(lstmShapes(rows, depth, units)).map((shape, i) => random(seed * 10 + i, shape));

onEveryImplementation('the LSTM cell', () => {
  describe.each(['sigmoid', 'hardSigmoid'] as const)('with %s gates', (gates) => {
    it('has the values and gradients of cpu for any number of rows and units', async () => {
      for (const { rows, depth, units, label, terms } of cellSizes)
        await expectLikeCpu(label, valuesOf(units, rows, depth, units), terms, lstmGradients(gates));
    });

    it('passes on what is not finite', async () => {
      const values = valuesOf(3, 4, 3, 5);
      values[2] = spoiled(1, [4, 3], 7);
      await expectLikeCpu('NaN', values.slice(2), 60, (...t) => applyLstm(gates, t));
    });

    it('saturates as cpu does where the gates’ inputs are large', async () => {
      const values = valuesOf(4, 6, 3, 5);
      values[7] = {
        data: Float32Array.from({ length: 20 }, (_, i) => (i % 2 ? 1 : -1) * 10 ** (i % 7)),
        shape: [20],
      };
      await expectLikeCpu('saturated', values, 60, lstmGradients(gates));
    });
  });

  it('is left to the Layers API without a bias', async () => {
    const values = valuesOf(5, 4, 3, 5).slice(0, 7);
    await expectLikeCpu('no bias', values, 60, lstmGradients('sigmoid'));
  });

  it('keeps a tanh of its own within four units in the last place', () => {
    const exponents = Array.from({ length: 2000 }, (_, i) => 2 ** ((i - 1400) / 12));
    const x = Float32Array.from(
      [0, -0, 0.624999, 0.625, 88, 200, Infinity, -Infinity, Number.NaN].concat(exponents),
    );
    const got = tf.tidy(() => tf.tanh(tf.tensor1d(x)).dataSync());
    for (const [i, v] of x.entries()) {
      const want = Math.fround(Math.tanh(v));
      if (!(Math.abs(want) < 1)) expect(got[i]).toBe(want);
      else expect(Math.abs(got[i]! - want)).toBeLessThanOrEqual(4 * 2 ** -23 * Math.abs(want));
    }
  });

  it('takes tanh of any number of elements', async () => {
    for (const n of [0, 1, 3, 4, 5, 17])
      await expectLikeCpu(`${n}`, [random(n, [n])], 8, (x) => [tf.tanh(x!), tf.grad(tf.tanh)(x!)]);
  });
});

describe('an LSTM layer', () => {
  beforeAll(() => registerTrainingKernels());

  const kernelsOf = (options: object) =>
    kernelsOfLayer(tf.layers.lstm({ units: 3, inputShape: [4, 2], ...options }), [2, 4, 2], {
      training: false,
    });

  it('runs on the fused cell, unless it asks for what that lacks', async () => {
    await tf.setBackend('wasm');
    expect(await kernelsOf({})).toContain('SamLstm');
    expect(await kernelsOf({ activation: 'relu' })).not.toContain('SamLstm');
    expect(await kernelsOf({ useBias: false })).not.toContain('SamLstm');
    expect(await kernelsOf({ dropout: 0.5 })).not.toContain('SamLstm');
  });
});
