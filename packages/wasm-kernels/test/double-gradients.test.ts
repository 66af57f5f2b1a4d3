import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { layerNorm, softmaxCrossEntropy, trainingBatchNorm } from '../src/index.js';
import { expectLikeCpu, random, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';

type Loss = (...inputs: tf.Tensor[]) => tf.Tensor;

/** Gradients of ‖∇ₓf‖² with respect to all inputs, x the first of them: a gradient penalty. */
const penaltyGradients = (f: Loss) => {
  const penalty: Loss = (x, ...rest) => tf.sum(tf.square(tf.grad((z) => f(z, ...rest))(x!)));
  return (...inputs: tf.Tensor[]) => tf.grads((...values: tf.Tensor[]) => penalty(...values))(inputs);
};

/** ∇ₓ⟨∇ₓf, v⟩, a column of the Hessian. */
const hessianTimes = (f: Loss, x: tf.Tensor, v: tf.Tensor): tf.Tensor =>
  tf.grad((z) => tf.sum(tf.mul(tf.grad(f)(z), v)))(x);

/** A nonlinear readout, so that second derivatives do not vanish. */
const readout = (y: tf.Tensor): tf.Tensor => tf.sum(tf.mul(tf.square(y), y));

const vectors: Values[] = [random(1, [6, 5]), random(2, [5]), random(3, [5])];

onEveryImplementation('a gradient of a gradient', () => {
  it('passes through relu, three times even', async () => {
    const f: Loss = (x, w) => readout(tf.relu(tf.matMul(x!, w!)));
    const inputs = [random(1, [4, 5]), random(2, [5, 6])];
    await expectLikeCpu('relu', inputs, 400, (...t) => penaltyGradients(f)(...t));
    const third = (x: tf.Tensor) => {
      const g = tf.grad((z: tf.Tensor) => readout(tf.mul(tf.relu(z), z)));
      return tf.grad((z) => tf.sum(tf.grad((y) => tf.sum(g(y)))(z)))(x);
    };
    await expectLikeCpu('third', [random(4, [9])], 400, (x) => [third(x!)]);
  });

  it('passes through normalisation over the batch', async () => {
    const f: Loss = (x, gamma, beta) => readout(trainingBatchNorm(x!, gamma!, beta!, 0.1).y);
    await expectLikeCpu('batch', vectors, 4000, (...t) => penaltyGradients(f)(...t));
  });

  it('passes through normalisation over the last axis', async () => {
    const f: Loss = (x, gamma, beta) => readout(layerNorm(x!, gamma!, beta!, 0.1));
    await expectLikeCpu('layer', vectors, 4000, (...t) => penaltyGradients(f)(...t));
  });

  it('passes through the layers that are fused', async () => {
    const layers = {
      batch: () => [tf.layers.batchNormalization({ epsilon: 0.1 })],
      layer: () => [tf.layers.layerNormalization({ epsilon: 0.1 })],
      bare: () => [tf.layers.layerNormalization({ epsilon: 0.1, scale: false, center: false })],
      lstm: () => [
        tf.layers.reshape({ targetShape: [2, 2] }),
        tf.layers.lstm({
          units: 3,
          kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
          recurrentInitializer: tf.initializers.glorotNormal({ seed: 2 }),
        }),
      ],
    };
    for (const [name, make] of Object.entries(layers)) {
      if (name === 'bare' && tf.getBackend() === 'wasm' && !tf.getKernel('SamLayerNorm', 'wasm')) continue;
      const inputLayer = tf.layers.inputLayer({ inputShape: [4] });
      // Without scale and shift the Layers API has no gradient on cpu: the same with a scale of 1.
      const unscaled: Loss = (x) => readout(layerNorm(x!, tf.ones([4]), tf.zeros([4]), 0.1));
      await expectLikeCpu(name, [random(5, [6, 4])], 4000, (x) => {
        const model = tf.sequential({ layers: [inputLayer, ...make()] });
        const f: Loss = (x) => readout(model.apply(x!, { training: true }) as tf.Tensor);
        const gradients = penaltyGradients(name === 'bare' && tf.getBackend() === 'cpu' ? unscaled : f)(x!);
        model.dispose();
        return gradients;
      });
    }
  });

  it('of softmax cross-entropy is diag(p) − ppᵀ, and reaches the labels', () => {
    tf.tidy(() => {
      const [z, v] = [random(1, [3, 5]), random(2, [3, 5])].map(({ data }) => tf.tensor2d(data, [3, 5]));
      const labels = tf.oneHot([1, 4, 0], 5).cast('float32');
      const got = hessianTimes((x) => tf.sum(softmaxCrossEntropy(labels, x!)), z!, v!).dataSync();
      const p = tf.softmax(z!);
      const want = tf.mul(p, tf.sub(v!, tf.sum(tf.mul(p, v!), -1, true))).dataSync();
      want.forEach((value, i) => {
        expect(Math.abs(got[i]! - value)).toBeLessThan(100 * 2 ** -24);
      });
      const toLabels = tf
        .grad((l) => tf.sum(softmaxCrossEntropy(l, z!)))(labels)
        .dataSync();
      const logs = tf.neg(tf.logSoftmax(z!)).dataSync();
      logs.forEach((value, i) => {
        expect(Math.abs(toLabels[i]! - value)).toBeLessThan(20 * 2 ** -24 * 4);
      });
    });
  });

  // TensorFlow.js takes the output of these for a constant, on every backend.
  it.each([
    ['exp', tf.exp, (v: number) => Math.exp(v), (v: number) => Math.exp(v)],
    [
      'tanh',
      tf.tanh,
      (v: number) => 1 - Math.tanh(v) ** 2,
      (v: number) => -2 * Math.tanh(v) * (1 - Math.tanh(v) ** 2),
    ],
    [
      'sigmoid',
      tf.sigmoid,
      (v: number) => Math.exp(-v) / (1 + Math.exp(-v)) ** 2,
      (v: number) => (Math.exp(-v) * (Math.exp(-v) - 1)) / (1 + Math.exp(-v)) ** 3,
    ],
  ] as const)('has the second derivative of %s, on cpu too', async (_name, f, first, second) => {
    const values = random(3, [9]).data;
    for (const backend of ['cpu', 'wasm']) {
      await tf.setBackend(backend);
      tf.tidy(() => {
        const x = tf.tensor1d(values);
        const product = (z: tf.Tensor) => tf.sum(tf.mul(f(z), z));
        const got = hessianTimes((z) => product(z!), x, tf.onesLike(x)).dataSync();
        got.forEach((value, i) => {
          const v = values[i]!;
          expect(Math.abs(value - (2 * first(v) + v * second(v)))).toBeLessThan(40 * 2 ** -24 * 8);
        });
      });
    }
  });

  it('passes through a condition, and refuses a function that is one', () => {
    tf.tidy(() => {
      const positive = (x: tf.Tensor) => tf.logicalAnd(tf.greater(x, 0), tf.less(x, 2));
      const kept = tf.grad((x: tf.Tensor) => tf.where(positive(x), tf.square(x), x))(tf.tensor1d([-1, 1, 3]));
      expect([...kept.dataSync()]).toEqual([1, 2, 1]);
      expect(() => tf.grad(positive)(tf.tensor1d([1]))).toThrow(
        'expected f to return numbers, got the booleans of LogicalAnd',
      );
    });
  });

  it('has the Hessian of softmax', async () => {
    for (const backend of ['cpu', 'wasm']) {
      await tf.setBackend(backend);
      tf.tidy(() => {
        const z = tf.tensor1d(random(1, [4]).data);
        const v = tf.tensor1d(random(2, [4]).data);
        const a = tf.tensor1d(random(3, [4]).data);
        const got = hessianTimes((x) => tf.sum(tf.mul(a, tf.softmax(x!))), z, v);
        // f = ⟨a, p⟩, ∇f = p∘(a − f); its derivative along v, with ṗ = p∘(v − ⟨p, v⟩).
        const p = tf.softmax(z);
        const moved = tf.mul(p, tf.sub(v, tf.sum(tf.mul(p, v))));
        const value = tf.sum(tf.mul(a, p));
        const want = tf.sub(tf.mul(moved, tf.sub(a, value)), tf.mul(p, tf.sum(tf.mul(a, moved))));
        expect(tf.max(tf.abs(tf.sub(got, want))).dataSync()[0]).toBeLessThan(40 * 2 ** -24);
      });
    }
  });

  it('still runs the fused kernels where no second gradient is taken', async () => {
    const [x, gamma, beta] = vectors.map(({ data, shape }) => tf.tensor(data, [...shape]));
    const { kernelNames } = await tf.profile(() => {
      tf.tidy(() => tf.grad((z) => readout(layerNorm(z, gamma!, beta!)))(x!));
      return tf.scalar(0);
    });
    expect(kernelNames.includes('SamLayerNormGrad')).toBe(Boolean(tf.getKernel('SamLayerNorm', 'wasm')));
    tf.dispose([x!, gamma!, beta!]);
  });
});
