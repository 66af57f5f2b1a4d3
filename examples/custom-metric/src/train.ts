import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { pluginsOf } from '@tfjs-sam/core/registry';
import { createDefaultRegistry } from 'tfjs-sam';
import * as metrics from './index.js';

/** Fits a plane by SAM in this package's metric; returns the losses before each step. */
export async function train(steps = 50): Promise<number[]> {
  const registry = createDefaultRegistry(pluginsOf(metrics, 'tfjs-sam-example-custom-metric'));
  const optimizer = registry.create({
    variant: 'sam',
    rho: 0.1,
    metric: { name: 'layerwise', eta: 0.05 },
    base: { name: 'momentum', learningRate: 0.05, momentum: 0.9 },
  });
  const inputs = tf.tensor2d([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]);
  const targets = tf.tensor2d([1, 3, 0, 2], [4, 1]);
  const kernel = tf.variable(tf.tensor2d([0.3, -0.2], [2, 1]));
  const bias = tf.variable(tf.scalar(0));
  const loss = () =>
    tf.losses.meanSquaredError(targets, tf.add(tf.matMul(inputs, kernel), bias)) as tf.Scalar;
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const value = optimizer.minimize(loss, true)!;
    losses.push((await value.data())[0]!);
    value.dispose();
  }
  optimizer.dispose();
  tf.dispose([inputs, targets, kernel, bias]);
  return losses;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await tf.setBackend('cpu');
  const losses = await train();
  console.log(
    `mean squared error: ${losses[0]!.toFixed(4)} at the start, ${losses.at(-1)!.toFixed(4)} at the end`,
  );
}
