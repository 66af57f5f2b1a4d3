import { sgd } from '@tfjs-sam/core';
import { corePlugins, createRegistry, pluginsOf } from '@tfjs-sam/core/registry';
import { describe, expect, it } from 'vitest';
import * as exported from '../src/index.js';
import { lookSam } from '../src/index.js';

const registry = createRegistry([...corePlugins, ...pluginsOf(exported, 'this package')]);
const base = { name: 'sgd', learningRate: 0.1 } as const;

describe('look-sam in the registry', () => {
  it('is the function’s optimizer', () => {
    const given = { rho: 0.3, k: 7, alpha: 0.5, perVariable: true };
    const made = registry.create({ variant: 'look-sam', ...given, base });
    const { base: _, ...expected } = lookSam(sgd({ learningRate: 0.1 }), given).getConfig();
    expect(made.getConfig()).toMatchObject(expected);
    expect(made.rule.name).toBe('look-sam');
  });

  it('refuses a k of 0', () => {
    expect(() => registry.create({ variant: 'look-sam', k: 0, base })).toThrow(RangeError);
  });
});
