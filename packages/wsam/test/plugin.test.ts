import { sgd } from '@tfjs-sam/core';
import { corePlugins, createRegistry, pluginsOf } from '@tfjs-sam/core/registry';
import { describe, expect, it } from 'vitest';
import * as exported from '../src/index.js';
import { wsam } from '../src/index.js';

const registry = createRegistry([...corePlugins, ...pluginsOf(exported, 'this package')]);
const base = { name: 'sgd', learningRate: 0.1 } as const;

describe('wsam in the registry', () => {
  it('is the function’s optimizer', () => {
    const given = { rho: 0.3, gamma: 0.5, decouple: false };
    const made = registry.create({ variant: 'wsam', ...given, base });
    const { base: _, ...expected } = wsam(sgd({ learningRate: 0.1 }), given).getConfig();
    expect(made.getConfig()).toMatchObject(expected);
    expect(made.rule.name).toBe('wsam');
  });

  it('refuses a gamma of 1', () => {
    expect(() => registry.create({ variant: 'wsam', gamma: 1, base })).toThrow(RangeError);
  });
});
