import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { exampleLoss, restoreState, saveState } from '@tfjs-sam/core';
import { fileSystem } from '@tfjs-sam/core/node';
import { loadDigits } from '@tfjs-sam/datasets';
import { createDefaultRegistry } from 'tfjs-sam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModel } from '../src/model.js';

const registry = createDefaultRegistry();
// 'rule' is nothing but a rule of one's own; 'sam-on' perturbs normalisation layers, which this network has none of.
const variants = registry.list('variant').filter((name) => !['rule', 'sam-on'].includes(name));
/** Rules that look at the losses of single examples; elsewhere this is the loss that it is given. */
const loss = exampleLoss(tf.metrics.categoricalCrossentropy);
const bases = {
  sgd: { name: 'sgd', learningRate: { name: 'cosine', from: 0.05, to: 0, steps: 9 }, momentum: 0.9 },
  adamw: { name: 'adamw', learningRate: 0.002 },
  adam: { name: 'adam', learningRate: 0.002 },
};
// bSAM and SASSHA take no base; bSAM must know how many examples there are.
/** Every variant over every base that it takes. */
export const everyCase = variants.flatMap((variant) =>
  ('base' in registry.find(variant, 'variant').options ? Object.keys(bases) : ['none']).map(
    (base) => [variant, base] as const,
  ),
);
/** Some of them, each base in turn: the conformance suite stops every variant in memory. */
export const someCases = everyCase.filter((_, i) => i % 10 === 0);

/** Trains, saves to files, goes on, loads, goes on: both ends must be the same. */
export function describeResume(cases: typeof everyCase): void {
  describe('a stopped training of digits, kept in files', () => {
    let folder = '';
    let [x, y]: tf.Tensor[] = [];
    beforeAll(async () => {
      await prepareBackend('wasm');
      folder = await mkdtemp(join(tmpdir(), 'digits-'));
      const { train, dispose } = loadDigits({ seed: 2 });
      [x, y] = [tf.slice(train.images, 0, 24), tf.slice(train.labels, 0, 24)];
      dispose();
    });
    afterAll(async () => {
      tf.dispose([x!, y!]);
      await rm(folder, { recursive: true });
    });

    const optimizerOf = (variant: string, base: string) =>
      registry.create(
        registry.parse(
          base === 'none'
            ? { variant, ...(variant === 'bsam' && { numData: 24 }) }
            : { variant, base: bases[base as keyof typeof bases] },
        ),
      );
    const fit = async (model: tf.LayersModel, optimizer: tf.Optimizer) => {
      model.compile({ optimizer, loss });
      await model.fit(x!, y!, { batchSize: 8, verbose: 0, shuffle: false });
    };
    const weightsOf = (model: tf.LayersModel) =>
      model.getWeights().flatMap((weight) => [...weight.dataSync()]);

    it.each(cases)('goes on with %s over %s', async (variant, base) => {
      const places = ['model', 'optimizer'].map((part) =>
        fileSystem(join(folder, `${variant}-${base}`, part)),
      );
      const [model, optimizer] = [createModel(), optimizerOf(variant, base)];
      await fit(model, optimizer);
      await model.save(places[0]!);
      await saveState(optimizer, places[1]!);
      await fit(model, optimizer);

      const loaded = await tf.loadLayersModel(places[0]!);
      const resumed = optimizerOf(variant, base);
      await restoreState(resumed, places[1]!);
      await fit(loaded, resumed);
      expect(resumed.iterations).toBe(6);
      const [expected, actual] = [weightsOf(model), weightsOf(loaded)];
      // Over core's base optimizers bit for bit. TensorFlow.js's Adam recomputes its bias corrections: a relative
      // rounding of each of three updates of 0.002, which the gradients of a network pass on and enlarge.
      if (base !== 'adam') expect(actual).toEqual(expected);
      else expect(Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);
      for (const thing of [model, optimizer, loaded, resumed]) thing.dispose();
    });
  });
}
