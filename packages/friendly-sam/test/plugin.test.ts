import { sgd } from '@tfjs-sam/core';
import { corePlugins, createRegistry, pluginsOf } from '@tfjs-sam/core/registry';
import { describe, expect, it } from 'vitest';
import * as exported from '../src/index.js';
import { batchNoise, friendlySam } from '../src/index.js';

const registry = createRegistry([...corePlugins, ...pluginsOf(exported, 'this package')]);
const base = { name: 'sgd', learningRate: 0.1 } as const;

describe('friendly-sam in the registry', () => {
  it('is the function’s optimizer, and a direction for others', () => {
    const given = { rho: 0.3, sigma: 0.5, lambda: 0.8 };
    const made = registry.create({ variant: 'friendly-sam', ...given, base });
    const { base: _, ...expected } = friendlySam(sgd({ learningRate: 0.1 }), given).getConfig();
    expect(made.getConfig()).toMatchObject(expected);
    const ascent = { name: 'batch-noise', sigma: 0.5, lambda: 0.9 } as const;
    const composed = registry.create({ variant: 'sharpness-aware', ascent, base });
    expect(composed.getConfig()).toMatchObject({ ascent: batchNoise({ sigma: 0.5 }).config });
  });

  it('refuses a lambda of 1', () => {
    expect(() => registry.create({ variant: 'friendly-sam', lambda: 1, base })).toThrow(RangeError);
  });
});
