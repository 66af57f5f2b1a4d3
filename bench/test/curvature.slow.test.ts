import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { crossEntropyOf, makeOracle, sgd, sharpnessAware } from '@tfjs-sam/core';
import { counting, spectrum } from '@tfjs-sam/sharpness';
import { expect, it } from 'vitest';
import { resNet } from '../src/models/res-net.js';

it('has the top Gauss–Newton eigenvalue of a ResNet-20 as a metric of training, in 30 gradients', async () => {
  await prepareBackend({ backend: 'wasm', deterministic: true, log: () => {} });
  const { variables, loss, logits, batch } = resNet(32);
  const parts = { outputs: () => logits(batch.x), ...crossEntropyOf(batch.y) };
  const optimizer = sharpnessAware(sgd({ learningRate: 0.05 }), { rho: 0.05 });
  /** The largest eigenvalue, and its cost in gradients: a value is a third of one. */
  const largest = async (tolerance: number) => {
    const own = makeOracle(loss, variables);
    const { oracle, cost } = counting(own);
    const found = await spectrum(oracle, parts, { probes: 0, tolerance });
    own.dispose();
    const { gradients, values } = cost();
    expect(found).toMatchObject({ matrix: 'gauss-newton', reliable: true });
    return { value: found.eigenvalues[0]!, gradients: gradients + values / 3 };
  };
  const { numTensors } = tf.memory();
  for (const steps of [0, 10, 20]) {
    for (let step = 0; step < steps; step++) optimizer.minimize(loss, false, variables);
    const bits = () => variables.map((variable) => [...variable.dataSync()]);
    const before = bits();
    const tensors = tf.memory().numTensors;
    const cheap = await largest(0.05);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(bits()).toEqual(before);
    const converged = await largest(2.5e-3);
    const error = Math.abs(cheap.value / converged.value - 1);
    console.log(
      `after ${steps} more steps: ${cheap.value.toPrecision(4)} for ${converged.value.toPrecision(4)}, ${(100 * error).toFixed(2)} % off, in ${cheap.gradients.toFixed(1)} gradients (converged: ${converged.gradients.toFixed(1)})`,
    );
    expect(cheap.gradients).toBeLessThanOrEqual(30);
    expect(error).toBeLessThan(0.01);
  }
  optimizer.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});
