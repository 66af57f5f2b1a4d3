import { sgd } from '@tfjs-sam/core';
import { corePlugins, createRegistry, pluginsOf } from '@tfjs-sam/core/registry';
import { describe, expect, it } from 'vitest';
import * as exported from '../src/index.js';
import { bilateralSam, minSharpness } from '../src/index.js';

const registry = createRegistry([...corePlugins, ...pluginsOf(exported, 'this package')]);
const base = { name: 'sgd', learningRate: 0.1 } as const;

describe('bilateral SAM in the registry', () => {
  it('is the function’s optimizer, its combiner included', () => {
    const made = registry.create({ variant: 'bilateral-sam', rhoMax: 0.2, rhoMin: 0.1, base });
    const options = { rhoMax: 0.2, rhoMin: 0.1 };
    const { base: _, ...expected } = bilateralSam(sgd({ learningRate: 0.1 }), options).getConfig();
    expect(registry.parse(made.getConfig())).toMatchObject(expected);
    const combine = { name: 'min-sharpness' } as const;
    const composed = registry.create({ variant: 'sharpness-aware', combine, base });
    expect(registry.parse(composed.getConfig())).toMatchObject({ combine: minSharpness().config });
  });

  it('refuses a radius below 0', () => {
    expect(() => registry.create({ variant: 'bilateral-sam', rhoMin: -1, base })).toThrow(RangeError);
  });
});
