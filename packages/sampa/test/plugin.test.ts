import { sgd } from '@tfjs-sam/core';
import { corePlugins, createRegistry, pluginsOf } from '@tfjs-sam/core/registry';
import { describe, expect, it } from 'vitest';
import * as exported from '../src/index.js';
import { sampa } from '../src/index.js';

const registry = createRegistry([...corePlugins, ...pluginsOf(exported, 'this package')]);
const base = { name: 'sgd', learningRate: 0.1 } as const;

describe('sampa in the registry', () => {
  it('is the function’s optimizer', () => {
    const made = registry.create({ variant: 'sampa', rho: 0.3, lambda: 0.5, base });
    const { base: _, ...expected } = sampa(sgd({ learningRate: 0.1 }), { rho: 0.3, lambda: 0.5 }).getConfig();
    expect(made.getConfig()).toMatchObject(expected);
    expect(made.rule.name).toBe('sampa');
  });

  it('refuses a lambda above 1', () => {
    expect(() => registry.create({ variant: 'sampa', lambda: 1.5, base })).toThrow(RangeError);
  });
});
