import { corePlugins, createRegistry, pluginsOf } from '@tfjs-sam/core/registry';
import { describe, expect, it } from 'vitest';
import * as exported from '../src/index.js';
import { bsam } from '../src/index.js';

const registry = createRegistry([...corePlugins, ...pluginsOf(exported, 'this package')]);

describe('bsam in the registry', () => {
  it('is the function’s optimizer, without a base', () => {
    const given = { learningRate: 0.25, numData: 200, beta1: 0.8, rho: 0.01, damping: 0.2, seed: 3 };
    const made = registry.create({ variant: 'bsam', ...given });
    expect(made.getConfig()).toEqual(bsam(given).getConfig());
    expect(made.rule.name).toBe('bsam');
    expect(registry.parse(made.getConfig())).toMatchObject({ variant: 'bsam', ...given, initialScale: 1 });
  });

  it('wants the number of examples, and no base', () => {
    expect(() => registry.create({ variant: 'bsam' } as never)).toThrow('numData');
    const base = { name: 'sgd', learningRate: 0.1 };
    expect(() => registry.create({ variant: 'bsam', numData: 10, base } as never)).toThrow('base');
  });

  it('names its learning rate once that is not the configuration’s any more', () => {
    const made = registry.create({ variant: 'bsam', numData: 10 });
    expect(made.getConfig()).toMatchObject({ variant: 'bsam', numData: 10, learningRate: 0.5 });
    made.setLearningRate(0.125);
    expect(made.getConfig()).toMatchObject({ variant: 'bsam', numData: 10, learningRate: 0.125 });
  });
});
