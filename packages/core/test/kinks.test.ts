import * as tf from '@tensorflow/tfjs';
import { frozenKinks, hvp, makeOracle } from '@tfjs-sam/core';
import { backendNames, useBackend } from '@tfjs-sam/testing';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

/** Functions with kinks that the difference steps over, and what they are on the side where θ is. */
const cases: Readonly<
  Record<string, { at: number; f: (x: tf.Tensor) => tf.Tensor; branch: (x: tf.Tensor) => tf.Tensor }>
> = {
  relu: { at: 1e-3, f: (x) => tf.relu(x), branch: (x) => x },
  relu6: { at: 5.999, f: (x) => tf.relu6(x), branch: (x) => x },
  'relu6 above': { at: 6.001, f: (x) => tf.relu6(x), branch: (x) => tf.add(tf.mul(0, x), 6) },
  leakyRelu: { at: -1e-3, f: (x) => tf.leakyRelu(x, 0.3), branch: (x) => tf.mul(0.3, x) },
  prelu: { at: -1e-3, f: (x) => tf.prelu(x, tf.scalar(0.25)), branch: (x) => tf.mul(0.25, x) },
  elu: { at: -1e-3, f: (x) => tf.elu(x), branch: (x) => tf.expm1(x) },
  selu: { at: 1e-3, f: (x) => tf.selu(x), branch: (x) => tf.mul(1.0507009873554805, x) },
  clip: { at: 0.999, f: (x) => tf.clipByValue(x, -1, 1), branch: (x) => x },
  'clip above': { at: 1.001, f: (x) => tf.clipByValue(x, -1, 1), branch: (x) => tf.add(tf.mul(0, x), 1) },
  abs: { at: -1e-3, f: (x) => tf.abs(x), branch: (x) => tf.neg(x) },
  maximum: { at: 1.001, f: (x) => tf.maximum(x, 1), branch: (x) => x },
  minimum: { at: 1.001, f: (x) => tf.minimum(x, tf.square(x)), branch: (x) => x },
  max: {
    at: 1.001,
    f: (x) => tf.max(tf.concat([x, tf.mul(2, tf.sub(x, 0.5))])),
    branch: (x) => tf.sub(tf.mul(2, x), 1),
  },
  step: { at: 1e-3, f: (x) => tf.mul(x, tf.step(x)), branch: (x) => x },
  maxPool: {
    at: 1.001,
    f: (x) =>
      tf.maxPool(
        tf.reshape(tf.concat([x, tf.mul(2, tf.sub(x, 0.5))]), [1, 1, 2, 1]) as tf.Tensor4D,
        [1, 2],
        1,
        'valid',
      ),
    branch: (x) => tf.sub(tf.mul(2, x), 1),
  },
  'fused dense': {
    at: 1e-3,
    f: (x) =>
      tf.fused.matMul({ a: tf.reshape(x, [1, 1]) as tf.Tensor2D, b: tf.tensor2d([[2]]), activation: 'relu' }),
    branch: (x) => tf.mul(2, x),
  },
};

describe.each([...backendNames])('frozen kinks on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterEach(() => vi.restoreAllMocks());

  /** eˣ + x² of f(θ), whose Hessian is that of the branch. */
  const lossOf = (f: (x: tf.Tensor) => tf.Tensor, theta: tf.Variable) => () =>
    tf.tidy(() => {
      const y = f(theta);
      return tf.sum(tf.add(tf.exp(y), tf.square(y))) as tf.Scalar;
    });
  const curvature = (loss: () => tf.Scalar, theta: tf.Variable, kinks: 'free' | 'frozen') => {
    const oracle = makeOracle(loss, [theta]);
    const value = tf.tidy(() => hvp(oracle, [tf.ones([1])], { kinks, step: 2 ** -6 })[0]!.dataSync()[0]!);
    oracle.dispose();
    return value;
  };

  it.each(Object.entries(cases))(
    'differences %s on the branch that θ is on, and leaks nothing',
    (_, { at, f, branch }) => {
      const theta = tf.variable(tf.tensor1d([at]));
      const { numTensors } = tf.memory();
      const want = curvature(lossOf(branch, theta), theta, 'free');
      const got = curvature(lossOf(f, theta), theta, 'frozen');
      const free = curvature(lossOf(f, theta), theta, 'free');
      expect(tf.memory().numTensors).toBe(numTensors);
      // eʸ at 6 has 400 times the curvature of y at 0.
      expect(Math.abs(got - want)).toBeLessThan(2e-3 * Math.max(1, Math.abs(want)));
      // Such a case proves something only where the kink is met.
      expect(Math.abs(free - want)).toBeGreaterThan(0.1);
      theta.dispose();
    },
  );

  it.each(['dense', 'conv2d', 'lstm'])(
    'holds the kinks of a %s layer, fused or not, in gradients and in values',
    (kind) => {
      const layers = {
        dense: () => [tf.layers.dense({ units: 8, activation: 'relu', inputShape: [4] })],
        conv2d: () => [
          tf.layers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu', inputShape: [6, 6, 1] }),
          tf.layers.maxPooling2d({ poolSize: 2 }),
          tf.layers.flatten(),
        ],
        lstm: () => [tf.layers.lstm({ units: 3, inputShape: [5, 4] })],
      };
      const model = tf.sequential({
        layers: [...layers[kind as keyof typeof layers](), tf.layers.dense({ units: 2 })],
      });
      const x = tf.randomNormal([6, ...(model.inputs[0]!.shape.slice(1) as number[])], 0, 2, 'float32', 1);
      const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const warn = vi.spyOn(console, 'warn');
      const oracle = makeOracle(() => tf.mean(tf.square(model.apply(x) as tf.Tensor)), variables);
      const outputs = () => model.apply(x) as tf.Tensor;
      tf.tidy(() => {
        const perturbation = variables.map((variable, i) =>
          tf.randomNormal(variable.shape, 0, 0.5, 'float32', i),
        );
        const { loss } = oracle.evaluate({ perturbation, kinks: frozenKinks });
        const value = oracle.value({ perturbation, kinks: frozenKinks });
        const there = oracle.compute(outputs, { perturbation, kinks: frozenKinks });
        const recorded = tf.mean(tf.square(there)).dataSync()[0]!;
        expect(value.dataSync()[0]).toBeCloseTo(loss.dataSync()[0]!, 4);
        expect(recorded).toBeCloseTo(loss.dataSync()[0]!, 4);
        expect(Math.abs(oracle.value({ perturbation }).dataSync()[0]! - recorded)).toBeGreaterThan(1e-3);
      });
      expect(warn).not.toHaveBeenCalled();
      oracle.dispose();
      x.dispose();
      model.dispose();
    },
  );

  it('says once that a loss takes another way than at θ', () => {
    const theta = tf.variable(tf.tensor1d([1]));
    let calls = 0;
    const loss = () => tf.sum(calls++ < 2 ? tf.relu(theta) : tf.abs(theta)) as tf.Scalar;
    const oracle = makeOracle(loss, [theta]);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    tf.dispose(hvp(oracle, [tf.ones([1])]));
    expect(warn.mock.calls.map(([text]) => text)).toEqual([expect.stringContaining('got another Abs')]);
    oracle.dispose();
    theta.dispose();
  });

  it('leaves no trace in the engine, also when the loss throws', () => {
    const theta = tf.variable(tf.tensor1d([1]));
    let fails = false;
    const loss = () => {
      if (fails) throw new Error('from the loss');
      return tf.sum(tf.relu(theta)) as tf.Scalar;
    };
    const oracle = makeOracle(loss, [theta]);
    fails = true;
    const { numTensors } = tf.memory();
    expect(() => hvp(oracle, [tf.ones([1])])).toThrow('from the loss');
    expect(tf.memory().numTensors).toBe(numTensors + 1);
    expect(Object.hasOwn(tf.engine(), 'runKernel')).toBe(false);
    expect(tf.env().getBool('SAM_SPLIT_ACTIVATIONS')).toBe(false);
    expect(theta.dataSync()[0]).toBe(1);
    oracle.dispose();
    theta.dispose();
  });
});
