import * as tf from '@tensorflow/tfjs';
import { SharpnessAwareOptimizer } from '@tfjs-sam/core';
import { corePlugins, createRegistry, pluginsOf } from '@tfjs-sam/core/registry';
import { useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import * as exported from '../src/index.js';

const OptimizerClass =
  SharpnessAwareOptimizer as unknown as tf.serialization.SerializableConstructor<SharpnessAwareOptimizer>;

describe('plugins', () => {
  beforeAll(() => useBackend('cpu'));
  const registry = createRegistry([...corePlugins, ...pluginsOf(exported, 'this package')]);
  const base = { name: 'sgd', learningRate: 0.1 };
  const configs = [
    ...pluginsOf(exported, 'here').map(({ name }) => ({ variant: name })),
    { variant: 'universal-sam', phi: 'log', psi: 'exp', distribution: 'cube', halfWidth: 0.5 },
  ];

  it.each(configs.map((config) => [JSON.stringify(config), config] as const))(
    'makes what it names, with every default written out: %s',
    (_, config) => {
      const complete = registry.parse({ ...config, base });
      const optimizer = registry.create(complete);
      expect(optimizer.getConfig()).toEqual(complete);
      const loaded = SharpnessAwareOptimizer.fromConfig(OptimizerClass, optimizer.getConfig());
      expect(loaded.getConfig()).toEqual(complete);
      const x = tf.variable(tf.tensor1d([0.3, -0.8, 0.5]));
      for (let i = 0; i < 2; i++) optimizer.minimize(() => tf.sum(tf.square(x)), false, [x]);
      expect([...x.dataSync()].every(Number.isFinite)).toBe(true);
      tf.dispose(x);
      optimizer.dispose();
      loaded.dispose();
    },
  );
});
