import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';
import { expectLikeCpu, random, spoiled, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';
import { cellSizes, kernelsOfLayer, withWeights } from './layer-tools.js';

type Gates = 'sigmoid' | 'hardSigmoid';

/** An LSTM cell of the Layers API whose weights are the given tensors. */
function cellOf(units: number, gates: Gates, [kernel, recurrentKernel, bias]: tf.Tensor[]) {
  const cell = tf.layers.lstmCell({ units, recurrentActivation: gates });
  return Object.assign(withWeights(cell, { kernel, recurrentKernel, bias }), { useBias: bias !== undefined });
}

/** The cell's outputs, and the gradients of ⟨h, dh⟩ + ⟨c, dc⟩ with respect to everything. */
function outputsAndGradients(units: number, gates: Gates) {
  return (dh: tf.Tensor, dc: tf.Tensor, ...inputs: tf.Tensor[]): tf.Tensor[] => {
    const step = ([x, h, c, ...weights]: tf.Tensor[]) =>
      cellOf(units, gates, weights).call([x!, h!, c!], {}) as tf.Tensor[];
    const loss = (...values: tf.Tensor[]) => {
      const [h, , c] = step(values);
      return tf.add(tf.sum(tf.mul(h!, dh)), tf.sum(tf.mul(c!, dc)));
    };
    const [h, , c] = step(inputs);
    return [h!, c!, ...tf.grads(loss)(inputs)];
  };
}

/** dh, dc, x, h, c, kernel, recurrent kernel and bias. */
function valuesOf(seed: number, rows: number, depth: number, units: number): Values[] {
  const state = [rows, units];
  const shapes = [
    state,
    state,
    [rows, depth],
    state,
    state,
    [depth, 4 * units],
    [units, 4 * units],
    [4 * units],
  ];
  return shapes.map((shape, i) => random(seed * 10 + i, shape));
}

onEveryImplementation('the LSTM cell', () => {
  describe.each(['sigmoid', 'hardSigmoid'] as const)('with %s gates', (gates) => {
    it('has the values and gradients of cpu for any number of rows and units', async () => {
      for (const { rows, depth, units, label, terms } of cellSizes)
        await expectLikeCpu(
          label,
          valuesOf(units, rows, depth, units),
          terms,
          outputsAndGradients(units, gates),
        );
    });

    it('passes on what is not finite', async () => {
      const values = valuesOf(3, 4, 3, 5);
      values[2] = spoiled(1, [4, 3], 7);
      const forward = (...[, , ...inputs]: tf.Tensor[]) =>
        outputsAndGradients(5, gates)(tf.zeros([4, 5]), tf.zeros([4, 5]), ...inputs).slice(0, 2);
      await expectLikeCpu('NaN', values, 60, forward);
    });

    it('saturates as cpu does where the gates’ inputs are large', async () => {
      const values = valuesOf(4, 6, 3, 5);
      values[7] = {
        data: Float32Array.from({ length: 20 }, (_, i) => (i % 2 ? 1 : -1) * 10 ** (i % 7)),
        shape: [20],
      };
      await expectLikeCpu('saturated', values, 60, outputsAndGradients(5, gates));
    });
  });

  it('is left to the Layers API without a bias', async () => {
    const values = valuesOf(5, 4, 3, 5).slice(0, 7);
    await expectLikeCpu('no bias', values, 60, outputsAndGradients(5, 'sigmoid'));
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
    expect(await kernelsOf({})).toContain('SamLstmCell');
    expect(await kernelsOf({ activation: 'relu' })).not.toContain('SamLstmCell');
    expect(await kernelsOf({ useBias: false })).not.toContain('SamLstmCell');
    expect(await kernelsOf({ dropout: 0.5 })).not.toContain('SamLstmCell');
  });
});
