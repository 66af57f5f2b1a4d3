import { sgd } from '@tfjs-sam/core';
import { corePlugins, createRegistry, pluginsOf } from '@tfjs-sam/core/registry';
import { describe, expect, it } from 'vitest';
import * as exported from '../src/index.js';
import { gsam, rhoFromLearningRate, surrogateGap } from '../src/index.js';

const registry = createRegistry([...corePlugins, ...pluginsOf(exported, 'this package')]);

describe('gsam in the registry', () => {
  it('is the function’s optimizer, its parts included', () => {
    const base = { name: 'sgd', learningRate: 0.1 } as const;
    const follow = { name: 'rho-from-learning-rate', rhoMax: 0.2, rhoMin: 0.1, learningRate: 0.3 } as const;
    const made = registry.create({ variant: 'gsam', rho: follow, alpha: 0.7, base });
    const rho = rhoFromLearningRate({ rhoMax: 0.2, rhoMin: 0.1, learningRate: 0.3 });
    expect(registry.parse(made.getConfig())).toMatchObject({
      ...gsam(sgd({ learningRate: 0.1 }), { rho, alpha: 0.7 }).getConfig(),
      rho: { ...follow, minLearningRate: 0 },
      base,
    });
    const combine = { name: 'gsam', alpha: 0.4 } as const;
    const composed = registry.create({ variant: 'sharpness-aware', combine, base });
    expect(registry.parse(composed.getConfig())).toMatchObject({ combine: surrogateGap().config });
  });

  it('refuses an alpha below 0', () => {
    const base = { name: 'sgd', learningRate: 0.1 } as const;
    expect(() => registry.create({ variant: 'gsam', alpha: -1, base })).toThrow(RangeError);
  });
});
