// A user's first script. ../check-packages.mjs runs and compiles it in a project that has installed the packages.
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { loadDigits } from '@tfjs-sam/datasets';
import { sam } from '@tfjs-sam/sam';
import { createDefaultRegistry } from 'tfjs-sam';

/** Trains a small model for two epochs and returns the mean loss of each. */
async function train(optimizer = sam(tf.train.momentum(0.05, 0.9), { rho: 0.05 })) {
  const digits = loadDigits({ seed: 1 });
  const kernelInitializer = tf.initializers.glorotUniform({ seed: 2 });
  const model = tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [8, 8, 1] }),
      tf.layers.dense({ units: 16, activation: 'relu', kernelInitializer }),
      tf.layers.dense({ units: 10, activation: 'softmax', kernelInitializer }),
    ],
  });
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  const { history } = await model.fitDataset(digits.train.dataset({ seed: 1 }), { epochs: 2, verbose: 0 });
  digits.dispose();
  return history.loss ?? [];
}

// Both builds of the side module are in the package: with plain SIMD, and with relaxed SIMD, which Node 20.19 and later have.
for (const expected of ['plain', 'fma']) {
  const { kernels } = await prepareBackend({ backend: 'wasm', deterministic: expected === 'plain' });
  if (kernels?.implementation !== expected)
    throw new Error(`train: expected wasm kernels "${expected}", got "${kernels?.implementation}"`);
  const fromConfig = createDefaultRegistry().create({
    variant: 'sam',
    base: { name: 'momentum', learningRate: 0.05, momentum: 0.9 },
  });
  for (const optimizer of [undefined, fromConfig]) {
    const [first, second] = await train(optimizer);
    if (!(Number(second) < 0.7 * Number(first)))
      throw new Error(`train: expected a second loss of less than 70 % of ${first}, got ${second}`);
  }
}
