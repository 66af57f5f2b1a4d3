import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';
import { expectLikeCpu, random, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';
import { type RecurrentCase, recurrentGradients } from './layer-gradients.js';

/** x, kernel, recurrent kernel, bias, h and c. */
function valuesOf(kind: 'lstm' | 'gru', rows: number, steps: number, depth: number, units: number): Values[] {
  const gates = (kind === 'lstm' ? 4 : 3) * units;
  const shapes = [
    [rows, steps, depth],
    [depth, gates],
    [units, gates],
    [gates],
    [rows, units],
    [rows, units],
  ];
  return shapes.map((shape, i) => random(units * 10 + i, shape));
}

/** Rows, steps, depth, units. */
const sizes: readonly (readonly [number, number, number, number])[] = [
  [1, 1, 1, 1],
  [3, 4, 2, 5],
  [5, 2, 3, 4],
  [9, 6, 3, 8],
];

/** Every combination of flags, with sizes and gates in turn. */
const cases = Array.from({ length: 16 }, (_, i) => ({
  gates: i % 3 === 0 ? ('hardSigmoid' as const) : ('sigmoid' as const),
  ...{
    returnSequences: (i & 1) > 0,
    returnState: (i & 2) > 0,
    goBackwards: (i & 4) > 0,
    initial: (i & 8) > 0,
  },
  sizes: sizes[(i * 7 + (i >> 2)) % 4]!,
}));

describe.each(['lstm', 'gru'] as const)('a layer of kind %s', (kind) => {
  onEveryImplementation('over all its steps', () => {
    it('has the values and gradients of cpu, however it is asked', async () => {
      for (const { sizes, ...flags } of cases) {
        const asked: RecurrentCase = { kind, ...flags };
        const terms = 400 + 40 * sizes[1] * sizes[3];
        await expectLikeCpu(
          JSON.stringify({ sizes, ...flags }),
          valuesOf(kind, ...sizes),
          terms,
          recurrentGradients(asked),
        );
      }
    });
  });
});

describe('the fused steps', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    await registerTrainingKernels();
  });

  it('are one kernel where the layer neither masks nor keeps its state, else one for each step', async () => {
    for (const kind of ['lstm', 'gru'] as const) {
      const name = kind === 'lstm' ? 'SamLstm' : 'SamGru';
      const count = async (options: object, before: tf.layers.Layer[] = []): Promise<number> => {
        const layer = tf.layers[kind]({ units: 3, batchInputShape: [2, 4, 2], ...options });
        const model = tf.sequential({ layers: [...before, layer] });
        const { kernels } = await tf.profile(() => {
          tf.tidy(() => void model.apply(tf.ones([2, 4, 2])));
        });
        model.dispose();
        return kernels.filter((kernel) => kernel.name === name).length;
      };
      expect(await count({})).toBe(1);
      expect(await count({}, [tf.layers.masking({ batchInputShape: [2, 4, 2] })])).toBe(4);
      expect(await count({ stateful: true })).toBe(4);
    }
  });

  it('leave states of another shape to the Layers API', () => {
    tf.tidy(() => {
      const layer = tf.layers.gru({ units: 3 });
      layer.build([2, 4, 2]);
      expect(() => layer.call(tf.ones([2, 4, 2]), { initialState: [tf.ones([2, 5])] })).toThrow(/inner/);
      tf.dispose(layer.getWeights());
    });
  });
});
