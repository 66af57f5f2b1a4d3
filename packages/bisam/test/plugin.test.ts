import * as tf from '@tensorflow/tfjs';
import { sgd } from '@tfjs-sam/core';
import { type AscentObjective, corePlugins, createRegistry, pluginsOf } from '@tfjs-sam/core/registry';
import { useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import * as exported from '../src/index.js';
import { bisam, type LowerBound, zeroOneLowerBound } from '../src/index.js';

const registry = createRegistry([...corePlugins, ...pluginsOf(exported, 'this package')]);
const base = { name: 'sgd', learningRate: 0.1 } as const;

describe('bisam in the registry', () => {
  beforeAll(() => useBackend('cpu'));

  it('is the function’s optimizer, with the lower bound completed', () => {
    const made = registry.create({ variant: 'bisam', rho: 0.2, lowerBound: { kind: 'log' }, base });
    const lowerBound: LowerBound = { kind: 'log', mu: 1 };
    const { base: _, ...expected } = bisam(sgd({ learningRate: 0.1 }), { rho: 0.2, lowerBound }).getConfig();
    expect(registry.parse(made.getConfig())).toMatchObject(expected);
    const plain = registry.parse({ variant: 'bisam', base });
    expect(plain).toMatchObject({ lowerBound: { kind: 'tanh', mu: 10, alpha: 0.1 } });
  });

  it('offers both objectives', () => {
    const labels = tf.tensor1d([1], 'int32');
    const logits = tf.tensor2d([[0.4, -0.3]]);
    const value = (objective: AscentObjective) => objective(labels, logits).dataSync()[0];
    const tanh = registry.build('objective', { name: 'zero-one-tanh', mu: 4 });
    const log = registry.build('objective', { name: 'zero-one-log', mu: 3 });
    const expected = (bound: LowerBound) =>
      value((given, outputs) => zeroOneLowerBound(given, outputs, bound));
    expect(value(tanh)).toBe(expected({ kind: 'tanh', mu: 4, alpha: 0.1 }));
    expect(value(log)).toBe(expected({ kind: 'log', mu: 3 }));
    tf.dispose([labels, logits]);
  });

  it('refuses an unknown kind and numbers out of range', () => {
    const lowerBound = { kind: 'sigmoid' } as unknown as { kind: 'log' };
    expect(() => registry.create({ variant: 'bisam', lowerBound, base })).toThrow(RangeError);
    expect(() => registry.create({ variant: 'bisam', lowerBound: { kind: 'tanh', mu: 0 }, base })).toThrow(
      RangeError,
    );
  });
});
