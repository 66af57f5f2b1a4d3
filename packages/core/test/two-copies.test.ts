import type * as TF from '@tensorflow/tfjs';
import { expect, it, vi } from 'vitest';

it('trains where TensorFlow.js is loaded twice, and moves once per step what the loss moves beside the weights', async () => {
  // The first to be loaded makes the engine that all share, and with it every variable's class: not the one core imports.
  const path: string = '@tensorflow/tfjs-core/dist/tf-core.fesm.js';
  const first = (await import(path)) as typeof TF;
  const tf = await import('@tensorflow/tfjs');
  const { sgd, sharpnessAware } = await import('@tfjs-sam/core');
  await tf.setBackend('cpu');
  const [weight, calls] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(0), false)];
  expect(first.engine()).toBe(tf.engine());
  expect(Object.getPrototypeOf(calls)).toBe(first.Variable.prototype);
  expect(Object.getPrototypeOf(calls)).not.toBe(tf.Variable.prototype);
  const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), { rho: 0.5 });
  for (let i = 0; i < 3; i++) {
    optimizer.minimize(() => {
      calls.assign(tf.add(calls, 1) as TF.Tensor<TF.Rank.R0>);
      return tf.mul(0.5, tf.square(weight)) as TF.Scalar;
    });
  }
  expect(calls.dataSync()[0]).toBe(3);
  // w ← w − 0.1(w + 0.5), three times.
  expect(weight.dataSync()[0]).toBeCloseTo(((1 * 0.9 - 0.05) * 0.9 - 0.05) * 0.9 - 0.05, 6);
  tf.dispose([weight, calls]);
  optimizer.dispose();
});

it('takes a second copy of core, as hot reload or two versions load it: parts of both go together', async () => {
  const tf = await import('@tensorflow/tfjs');
  await tf.setBackend('cpu');
  const first = await import('../src/index.js');
  vi.resetModules();
  const second = await import('../src/index.js');
  const { corePlugins, createRegistry } = await import('../src/registry/index.js');
  expect(second.sgd).not.toBe(first.sgd);
  const pluginOf = { ...second.cosineDecay.part, package: '@tfjs-sam/core' };
  const registry = createRegistry([...corePlugins, { ...first.cosineDecay.part, package: '@tfjs-sam/core' }]);
  expect(createRegistry([...corePlugins, pluginOf, pluginOf]).list('schedule')).toEqual(
    registry.list('schedule'),
  );
  const weight = tf.variable(tf.scalar(1));
  const optimizer = second.sharpnessAware(first.sgd({ learningRate: first.cosineDecay(0.1, 0, 10) }), {
    rho: 0.5,
    metric: first.mongeMetric(),
  });
  optimizer.minimize(() => tf.mul(0.5, tf.square(weight)) as TF.Scalar, false, [weight]);
  // w ← w − 0.1(w + ρ w/(‖w‖ √(1 + ‖w‖²))).
  expect(weight.dataSync()[0]).toBeCloseTo(1 - 0.1 * (1 + 0.5 / Math.SQRT2), 6);
  const config = optimizer.getConfig() as never;
  const again = first.SharpnessAwareOptimizer.fromConfig(first.SharpnessAwareOptimizer as never, config);
  expect((again as TF.Optimizer).getConfig()).toEqual(config);
  for (const each of [optimizer, again as TF.Optimizer]) each.dispose();
  weight.dispose();
});
