import * as tf from '@tensorflow/tfjs';
import {
  byObjective,
  type Evaluation,
  exampleLoss,
  type GradientOracle,
  makeOracle,
  type SharpnessRule,
  sgd,
  sharpnessAware,
} from '@tfjs-sam/core';
import { backendNames, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';

const numbers = (tensor: tf.Tensor) => [...tensor.dataSync()];

/** A rule that looks at the oracle and descends what it evaluated. */
const looking = (look: (oracle: GradientOracle) => Evaluation): SharpnessRule => ({
  name: 'looking',
  direction: (oracle) => {
    const { loss, gradient } = look(oracle);
    return { loss, direction: gradient };
  },
});

describe.each([...backendNames])('losses of examples on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  /** ℓᵢ = aᵢ θ: the gradient of Σ wᵢ ℓᵢ / Σ wᵢ is the weighted mean of a. */
  const slopes = [1, 2, 4, 8];
  const problem = () => {
    const theta = tf.variable(tf.scalar(3));
    const losses =
      (part = slopes) =>
      () =>
        tf.mul(theta, tf.tensor1d(part)) as tf.Tensor1D;
    return { theta, losses };
  };

  it('a vector stands for its mean, and shows itself', () => {
    const { theta, losses } = problem();
    const seen: number[][] = [];
    const rule = looking((oracle) => {
      const at = oracle.evaluate();
      seen.push(numbers(at.losses!), numbers(at.loss), numbers(at.gradient[0]!));
      seen.push(numbers(oracle.losses({ perturbation: [tf.scalar(1)] })), numbers(oracle.losses()));
      return at;
    });
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), rule);
    const { numTensors } = tf.memory();
    const loss = optimizer.minimize(losses(), true, [theta])!;
    expect(seen).toEqual([[3, 6, 12, 24], [11.25], [3.75], [4, 8, 16, 32], [3, 6, 12, 24]]);
    expect(numbers(loss)).toEqual([11.25]);
    loss.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    theta.dispose();
  });

  it.each([
    [
      [0, 0, 1, 1],
      [6, 18],
    ],
    [
      [2, 0, 0, 2],
      [4.5, 13.5],
    ],
    [
      [0, 0, 0, 0],
      [0, 0],
    ],
  ])('weights %j give the weighted mean', (weights, [gradient, loss]) => {
    const { theta, losses } = problem();
    const oracle = makeOracle(losses(), [theta]);
    const evaluation = tf.tidy(() => {
      const at = oracle.evaluate({ weights: tf.tensor1d(weights) });
      return [numbers(at.gradient[0]!)[0], numbers(at.loss)[0], numbers(at.losses!)];
    });
    expect(evaluation).toEqual([gradient, loss, [3, 6, 12, 24]]);
    oracle.dispose();
    theta.dispose();
  });

  it('micro-batches share the weights', () => {
    const { theta, losses } = problem();
    const seen: number[][] = [];
    const rule = looking((oracle) => {
      seen.push(numbers(oracle.evaluate().losses!));
      const weighted = oracle.evaluate({ weights: tf.tensor1d([1, 0, 1, 2]) });
      seen.push(numbers(weighted.gradient[0]!), numbers(weighted.loss));
      return weighted;
    });
    const optimizer = sharpnessAware(sgd({ learningRate: 0 }), rule);
    optimizer.minimizeOver([losses([1, 2]), losses([4, 8])], { varList: [theta] });
    // (1 + 4 + 2·8) / 4
    expect(seen).toEqual([[3, 6, 12, 24], [5.25], [15.75]]);
    theta.dispose();
  });

  it('a scalar loss says what to do where weights are asked for, or losses', () => {
    const { theta } = problem();
    const oracle = makeOracle(() => tf.mul(theta, 2) as tf.Scalar, [theta]);
    const { numTensors } = tf.memory();
    expect(() => tf.tidy(() => oracle.evaluate({ weights: tf.tensor1d([1, 2]) }).loss)).toThrow(
      /exampleLoss/,
    );
    expect(() => tf.tidy(() => oracle.losses())).toThrow(/exampleLoss/);
    expect(tf.memory().numTensors).toBe(numTensors);
    oracle.dispose();
    theta.dispose();
  });

  it('a wrong number of weights is named', () => {
    const { theta, losses } = problem();
    const oracle = makeOracle(losses(), [theta]);
    expect(() => tf.tidy(() => oracle.evaluate({ weights: tf.tensor1d([1, 2]) }).loss)).toThrow(
      /one weight for each of 4 examples, got 2/,
    );
    oracle.dispose();
    theta.dispose();
  });

  it('each objective has its own', () => {
    const { theta, losses } = problem();
    const closure = byObjective({ ascent: losses([5, 6]), descent: losses([1, 2]) });
    const oracle = makeOracle(closure, [theta]);
    expect(tf.tidy(() => numbers(oracle.losses({ objective: 'ascent' })))).toEqual([15, 18]);
    expect(tf.tidy(() => numbers(oracle.losses()))).toEqual([3, 6]);
    oracle.dispose();
    theta.dispose();
  });

  it('exampleLoss shows them through model.fit, over both outputs, without a leak', async () => {
    const input = tf.input({ shape: [2] });
    const outputs = [1, 1].map((units) => tf.layers.dense({ units }).apply(input) as tf.SymbolicTensor);
    const model = tf.model({ inputs: input, outputs });
    const seen: { mean: number; losses: number[]; top: number }[] = [];
    const rule = looking((oracle) => {
      const at = oracle.evaluate();
      const best = oracle.evaluate({ weights: tf.tensor1d([0, 1, 0]) });
      seen.push({ mean: numbers(at.loss)[0]!, losses: numbers(at.losses!), top: numbers(best.loss)[0]! });
      return at;
    });
    const loss = exampleLoss((y, output) => tf.mean(tf.square(tf.sub(y, output)), -1));
    model.compile({
      optimizer: sharpnessAware(sgd({ learningRate: 0.01 }), rule),
      loss: [loss, loss],
      metrics: ['mse'],
    });
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const y = tf.tensor2d([1, 2, 3], [3, 1]);
    const fit = () => model.fit(x, [y, y], { epochs: 2, batchSize: 3, verbose: 0, shuffle: false });
    await fit();
    const { numTensors } = tf.memory();
    await fit();
    expect(tf.memory().numTensors).toBe(numTensors);
    for (const { mean, losses, top } of seen) {
      expect(losses).toHaveLength(3);
      expect(losses.reduce((sum, each) => sum + each, 0) / 3).toBeCloseTo(mean, 4);
      expect(top).toBeCloseTo(losses[1]!, 4);
    }
    // Outside a step it is the loss alone.
    const [value] = tf.tidy(() => numbers(loss(y, y)));
    expect(value).toBe(0);
    tf.dispose([x, y]);
    model.dispose();
  });
});
