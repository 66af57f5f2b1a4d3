import * as tf from '@tensorflow/tfjs';
import { sgd, sharpnessAware } from '@tfjs-sam/core';
import { useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';

const sam = (base: tf.Optimizer = sgd({ learningRate: 0.1 })) => sharpnessAware(base, { rho: 0.5 });

describe('what a loss moves beside the weights', () => {
  beforeAll(() => useBackend('cpu'));

  /** Steps of ½w², whose loss counts its calls in a variable that `make` gives. */
  function counted(make: () => tf.Variable, optimizer: tf.Optimizer, steps: number): number {
    const weight = tf.variable(tf.scalar(1));
    let calls: tf.Variable | undefined;
    for (let i = 0; i < steps; i++) {
      optimizer.minimize(
        () => {
          calls ??= make();
          calls.assign(tf.add(calls, 1) as tf.Tensor<tf.Rank.R0>);
          return tf.mul(0.5, tf.square(weight)) as tf.Scalar;
        },
        false,
        [weight],
      );
    }
    const count = calls!.dataSync()[0]!;
    tf.dispose([weight, calls!]);
    optimizer.dispose();
    return count;
  }
  const count = (variable: typeof tf.variable) => variable(tf.scalar(0), false);

  it('moves once per step', () => {
    const calls = count(tf.variable);
    expect(counted(() => calls, sam(), 3)).toBe(3);
  });

  it('moves once in the step as well whose loss has made it, as a layer that is built late does', () => {
    expect(counted(() => count(tf.variable), sam(), 3)).toBe(3);
  });

  it('may be gone when the loss returns, as an inner training’s variables are', () => {
    const weight = tf.variable(tf.scalar(1));
    const optimizer = sam();
    const { numTensors } = tf.memory();
    for (let i = 0; i < 2; i++)
      optimizer.minimize(
        () => {
          const inner = count(tf.variable);
          inner.assign(tf.scalar(3));
          const scale = tf.scalar(inner.dataSync()[0]! / 6);
          inner.dispose();
          return tf.mul(scale, tf.square(weight)) as tf.Scalar;
        },
        false,
        [weight],
      );
    expect(tf.memory().numTensors).toBe(numTensors);
    // w ← w − 0.1(w + 0.5), twice.
    expect(weight.dataSync()[0]).toBeCloseTo((1 * 0.9 - 0.05) * 0.9 - 0.05, 6);
    weight.dispose();
    optimizer.dispose();
  });

  it('is put back by a step in the step', () => {
    const calls = count(tf.variable);
    const inner = { weight: tf.variable(tf.scalar(1)), optimizer: sam() };
    const countingTwice = sharpnessAware(sgd({ learningRate: 0.1 }), { rho: 0.5 });
    const weight = tf.variable(tf.scalar(1));
    countingTwice.minimize(
      () => {
        inner.optimizer.minimize(
          () => {
            calls.assign(tf.add(calls, 1) as tf.Tensor<tf.Rank.R0>);
            return tf.square(inner.weight) as tf.Scalar;
          },
          false,
          [inner.weight],
        );
        return tf.square(weight) as tf.Scalar;
      },
      false,
      [weight],
    );
    expect(calls.dataSync()[0]).toBe(1);
    // Of two evaluations of the loss, the first one's inner step counts: 1 − 0.1·2·(1 + 0.5).
    expect(inner.weight.dataSync()[0]).toBeCloseTo(0.7, 6);
    tf.dispose([calls, weight, inner.weight]);
    for (const optimizer of [inner.optimizer, countingTwice]) optimizer.dispose();
  });
});

describe('a first step that is skipped', () => {
  beforeAll(() => useBackend('cpu'));

  const bases: Record<string, () => tf.Optimizer> = {
    sgd: () => sgd({ learningRate: 0.1, momentum: 0.9 }),
    'tf.train.momentum': () => tf.train.momentum(0.1, 0.9),
    'tf.train.adagrad': () => tf.train.adagrad(0.1, 0.5),
    'tf.train.rmsprop': () => tf.train.rmsprop(0.1, 0.9, 0.9),
    'tf.train.adadelta': () => tf.train.adadelta(0.1),
  };

  it.each(Object.keys(bases))('leaves the slots of %s at their initial values', (name) => {
    const weights = [true, false].map((skips) => {
      const weight = tf.variable(tf.tensor1d([1, -2]));
      const optimizer = sharpnessAware(bases[name]!(), { rho: 0.1 }, { onNonFinite: 'skip' });
      const step = (factor: number) =>
        optimizer.minimize(() => tf.mul(factor, tf.sum(tf.square(weight))) as tf.Scalar, false, [weight]);
      if (skips) step(Number.NaN);
      for (let i = 0; i < 3; i++) step(1);
      const values = [...weight.dataSync()];
      optimizer.dispose();
      weight.dispose();
      return values;
    });
    expect(weights[0]).toEqual(weights[1]);
  });
});
