import * as tf from '@tensorflow/tfjs';
import { currentObjective, sgd } from '@tfjs-sam/core';
import { backendNames, type Golden, goldenBase, goldensOf, toleranceOf, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { bisam, bisamLoss, type LowerBound, zeroOneLowerBound } from '../src/index.js';

const goldens = ['bisam_tanh', 'bisam_log'].flatMap((variant) => goldensOf(variant));

function boundOf({ variant, hyper }: Golden): LowerBound {
  const { mu, alpha } = hyper;
  return variant === 'bisam_tanh' ? { kind: 'tanh', mu, alpha } : { kind: 'log', mu };
}

/** The trajectory's network as a Layers model with its initial weights. */
function buildModel(golden: Golden, fromLogits: boolean): tf.Sequential {
  const stored = Object.values(golden.initial);
  const [inputs, hidden] = stored[0]!.shape as [number, number];
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: hidden, inputShape: [inputs], activation: 'tanh' }),
      tf.layers.dense({ units: 3, activation: fromLogits ? 'linear' : 'softmax' }),
    ],
  });
  const initial = stored.map(({ values, shape }) => tf.tensor(values, shape));
  model.setWeights(initial);
  tf.dispose(initial);
  return model;
}

function batchesOf(golden: Golden) {
  return golden.data.batches!.map(({ x, labels }) => ({
    x: tf.tensor(x.values, x.shape),
    y: tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 3), 'float32')),
  }));
}

describe.each([...backendNames])('bisamLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('takes outputs of more axes: one value for each row of classes', () => {
    const values = Array.from({ length: 24 }, (_, i) => Math.sin(3 * i));
    const labels = tf.oneHot(tf.tensor1d([0, 3, 1, 2, 2, 0], 'int32'), 4);
    const loss = bisamLoss({ labelSmoothing: 0.1, fromLogits: true });
    const whole = loss(tf.reshape(labels, [2, 3, 4]), tf.tensor(values, [2, 3, 4]));
    expect(whole.shape).toEqual([2, 3]);
    expect([...whole.dataSync()]).toEqual([...loss(labels, tf.tensor2d(values, [6, 4])).dataSync()]);
  });

  const cases = goldens.flatMap((golden) =>
    [true, false].map((fromLogits) => [golden.name, fromLogits ? 'logits' : 'a softmax', golden] as const),
  );

  it.each(cases)(
    'follows %s in model.fit, from %s, and fit reports the descent objective',
    async (...args) => {
      const [, outputs, golden] = args;
      const fromLogits = outputs === 'logits';
      const model = buildModel(golden, fromLogits);
      const optimizer = bisam(goldenBase(golden), { rho: golden.hyper.rho });
      const loss = bisamLoss({ lowerBound: boundOf(golden), fromLogits });
      model.compile({ optimizer, loss, metrics: ['accuracy'] });
      const batches = batchesOf(golden);
      for (const step of golden.steps) {
        const { x, y } = batches[step.batch!]!;
        const { history } = await model.fit(x, y, { batchSize: 8, epochs: 1, shuffle: false, verbose: 0 });
        const reported = history.loss![0] as number;
        expect(Math.abs(reported - step.loss_at_perturbed!)).toBeLessThanOrEqual(
          toleranceOf(golden, 'loss_at_theta'),
        );
        const names = Object.keys(golden.initial);
        for (const [i, weight] of model.getWeights().entries()) {
          const expected = step.parameters[names[i]!]!;
          const worst = Math.max(...[...weight.dataSync()].map((value, j) => Math.abs(value - expected[j]!)));
          expect(worst).toBeLessThanOrEqual(toleranceOf(golden, 'parameters'));
        }
      }
      tf.dispose(batches.map(({ x, y }) => [x, y]));
      model.dispose();
      optimizer.dispose();
    },
  );

  const [golden] = goldens as [Golden];

  it('is the cross entropy, smoothed, outside of a step', () => {
    const labels = tf.tensor2d([
      [0, 1, 0],
      [1, 0, 0],
    ]);
    const logits = tf.tensor2d([
      [0.2, 1.5, -0.3],
      [0.4, -0.6, 2.1],
    ]);
    const probabilities = tf.softmax(logits);
    const expectClose = (actual: tf.Tensor, expected: tf.Tensor) => {
      expect(actual.shape).toEqual([2]);
      const values = expected.dataSync();
      // Logarithm, product and sum of numbers below 4.
      for (const [i, value] of actual.dataSync().entries()) {
        expect(Math.abs(value - values[i]!)).toBeLessThan(8 * 4 * 2 ** -24);
      }
    };
    expect(currentObjective()).toBe('descent');
    expectClose(
      bisamLoss()(labels, probabilities),
      tf.metrics.categoricalCrossentropy(labels, probabilities),
    );
    const smooth = tf.add(tf.mul(labels, 0.7), 0.1);
    const expected = tf.neg(tf.sum(tf.mul(smooth, tf.logSoftmax(logits)), -1));
    expectClose(bisamLoss({ labelSmoothing: 0.3, fromLogits: true })(labels, logits), expected);
    expectClose(bisamLoss({ labelSmoothing: 0.3 })(tf.argMax(labels, -1), probabilities), expected);
  });

  it('keeps the gradient finite where a softmax saturates', () => {
    const labels = tf.tensor2d([[1, 0]]);
    for (const size of [50, 500]) {
      const { value, grad } = tf.valueAndGrad((logits) =>
        bisamLoss()(labels, tf.softmax(logits as tf.Tensor2D)),
      )(tf.tensor2d([[-size, size]]));
      expect([...value.dataSync(), ...grad.dataSync()].every(Number.isFinite)).toBe(true);
    }
  });

  it('takes class weights', async () => {
    const model = buildModel(golden, true);
    const [{ x, y }] = batchesOf(golden) as [{ x: tf.Tensor; y: tf.Tensor }];
    model.compile({
      optimizer: bisam(sgd({ learningRate: 0 }), { rho: 0 }),
      loss: bisamLoss({ fromLogits: true }),
    });
    const classWeight = { 0: 1, 1: 3, 2: 0.5 };
    const { history } = await model.fit(x, y, { batchSize: 8, verbose: 0, classWeight });
    const expected = tf.tidy(() => {
      const each = tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(model.predict(x) as tf.Tensor2D)), -1));
      const weights = tf.sum(tf.mul(y, Object.values(classWeight)), -1);
      return tf.mean(tf.mul(each, weights)).dataSync()[0]!;
    });
    // Eight values below 8, each rounded some four times.
    expect(Math.abs((history.loss![0] as number) - expected)).toBeLessThan(4 * 8 * 2 ** -24);
    model.dispose();
  });

  it('prefers its own lower bound to the optimizer’s', () => {
    const labels = tf.tensor1d([0], 'int32');
    const weight = tf.variable(tf.tensor2d([[0.3, 1.2]]));
    const climbed = (lowerBound: LowerBound | undefined, ofLoss: LowerBound | undefined) => {
      const loss = bisamLoss({ lowerBound: ofLoss, fromLogits: true });
      const seen: number[] = [];
      const closure = () => {
        const value = tf.mean(loss(labels, weight)) as tf.Scalar;
        if (currentObjective() === 'ascent') seen.push(value.dataSync()[0]!);
        return value;
      };
      bisam(sgd({ learningRate: 0 }), { lowerBound }).minimize(closure, false, [weight]);
      return seen;
    };
    const value = (bound: LowerBound) => [zeroOneLowerBound(labels, weight, bound).dataSync()[0]!];
    const [log, tanh] = [
      { kind: 'log', mu: 2 },
      { kind: 'tanh', mu: 3, alpha: 0.4 },
    ] as const;
    expect(climbed(log, undefined)).toEqual(value(log));
    expect(climbed(log, tanh)).toEqual(value(tanh));
    expect(climbed(undefined, undefined)).toEqual(value({ kind: 'tanh', mu: 10, alpha: 0.1 }));
    tf.dispose([labels, weight]);
  });

  it('refuses options out of range, and labels that do not fit', () => {
    expect(() => bisamLoss({ labelSmoothing: 1 })).toThrow(
      new RangeError('bisamLoss: expected labelSmoothing to be in [0, 1), got 1'),
    );
    expect(() => bisamLoss({ lowerBound: { kind: 'log', mu: -1 } })).toThrow(
      new RangeError('bisamLoss: expected lowerBound.mu to be a finite number > 0, got -1'),
    );
    expect(() => bisamLoss()(tf.zeros([2, 2]), tf.zeros([2, 3]))).toThrow(
      new RangeError('bisamLoss: expected labels of shape [2] or [2,3] for logits of shape [2,3], got [2,2]'),
    );
  });
});
