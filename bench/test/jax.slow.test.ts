import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GradientResult } from '../src/gradient/job.js';
import type { ModelName } from '../src/models/names.js';
import { runJob } from '../src/processes.js';
import { bundleChild, removeChild } from './bundle-child.js';

let program: string;
beforeAll(async () => {
  program = await bundleChild();
}, 60_000);
afterAll(removeChild);

describe('gradients of the bench', () => {
  // The MLP is in the fast tests; the CNN takes ten seconds per gradient in jax-js.
  it.each<ModelName>(['ResNet-20-like b32', 'LSTM b32', 'ViT b32'])(
    'jax-js computes the same as TensorFlow.js on the %s',
    async (model) => {
      const argument = { side: 'plain', model, rounds: 1, warmUp: 0 } as const;
      const [ours, theirs] = (await Promise.all([
        runJob('gradient', argument, { program }),
        runJob('jax-gradient', argument, { program }),
      ])) as Exclude<GradientResult, { missing: string }>[];
      const differs = (key: 'loss' | 'norm') => Math.abs(theirs![key] / ours![key] - 1);
      // 170 roundings of 2⁻²⁴; batch normalisation with ε of 1e-5 instead of 1e-3 moves the loss by 3e-4.
      expect(differs('loss')).toBeLessThan(1e-5);
      // One ReLU that rounding takes across its kink moves the norm by 1e-4; a wrong gate, head or ε by about 1e-3.
      expect(differs('norm')).toBeLessThan(3e-4);
    },
  );
});
