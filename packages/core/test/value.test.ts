import * as tf from '@tensorflow/tfjs';
import { type GradientOracle, type SharpnessRule, scale, sgd, sharpnessAware } from '@tfjs-sam/core';
import { backendNames, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';

/** A rule that descends the gradient after `look` had the oracle. */
const looking = (look: (oracle: GradientOracle) => void): SharpnessRule => ({
  name: 'looking',
  direction: (oracle) => {
    look(oracle);
    const { loss, gradient } = oracle.evaluate();
    return { loss, direction: gradient };
  },
});

/** ½‖θ‖², whose backward passes are counted. */
function counted(theta: tf.Variable) {
  let [forward, backward] = [0, 0];
  const half = tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([x as tf.Tensor]);
    forward++;
    return {
      value: tf.mul(0.5, tf.sum(tf.square(x as tf.Tensor))),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        backward++;
        return tf.mul(dy, saved[0]!);
      },
    };
  });
  return { loss: () => half(theta) as tf.Scalar, counts: () => ({ forward, backward }) };
}

describe.each([...backendNames])('oracle.value on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('is the loss of evaluate, at θ and beside it, without a backward pass, and free after evaluate at θ', () => {
    const theta = tf.variable(tf.tensor1d([1, 2, -2]));
    const { loss, counts } = counted(theta);
    const seen: number[] = [];
    const optimizer = sharpnessAware(
      sgd({ learningRate: 0 }),
      looking((oracle) => {
        const { gradient } = oracle.evaluate();
        seen.push(oracle.value().dataSync()[0]!, counts().forward);
        seen.push(oracle.value({ perturbation: scale(-0.5, gradient) }).dataSync()[0]!);
        seen.push(oracle.value({ loss: () => tf.scalar(7) }).dataSync()[0]!);
      }),
    );
    const before = tf.memory().numTensors;
    optimizer.minimize(loss, false, [theta]);
    expect(seen).toEqual([4.5, 1, 1.125, 7]);
    expect(counts()).toEqual({ forward: 2, backward: 1 });
    expect([...theta.dataSync()]).toEqual([1, 2, -2]);
    expect(tf.memory().numTensors).toBe(before);
    optimizer.dispose();
    theta.dispose();
  });

  it('moves no statistics after the first evaluation, and frees what the closure keeps', () => {
    const theta = tf.variable(tf.scalar(2));
    const mean = tf.variable(tf.scalar(0), false);
    const metrics: tf.Tensor[] = [];
    const loss = () => {
      mean.assign(tf.add(mean, theta) as tf.Scalar);
      metrics.push(tf.keep(tf.square(theta)));
      return tf.square(theta) as tf.Scalar;
    };
    const optimizer = sharpnessAware(
      sgd({ learningRate: 0 }),
      looking((oracle) => {
        oracle.value();
        oracle.value({ perturbation: [tf.scalar(5)] });
      }),
    );
    const before = tf.memory().numTensors;
    optimizer.minimize(loss, false, [theta]);
    expect(mean.dataSync()[0]).toBe(2);
    // All of them are the first pass's.
    expect(metrics.map((metric) => metric.dataSync()[0])).toEqual([4, 4, 4]);
    metrics[0]!.dispose();
    expect(tf.memory().numTensors).toBe(before);
    optimizer.dispose();
    tf.dispose([theta, mean]);
  });

  it('puts θ back when the closure throws, and refuses what is no scalar', () => {
    const theta = tf.variable(tf.tensor1d([1, 2]));
    let thrown: unknown[] = [];
    const attempt = (f: () => unknown) => {
      try {
        f();
      } catch (error) {
        thrown = [...thrown, error];
      }
    };
    const optimizer = sharpnessAware(
      sgd({ learningRate: 0 }),
      looking((oracle) => {
        oracle.evaluate();
        attempt(() =>
          oracle.value({
            perturbation: [tf.tensor1d([1, 1])],
            loss: () => {
              throw new Error('from the loss');
            },
          }),
        );
        attempt(() => oracle.value({ loss: () => tf.reshape(theta, [1, 2]) as tf.Tensor as tf.Scalar }));
      }),
    );
    optimizer.minimize(() => tf.sum(tf.square(theta)), false, [theta]);
    expect(thrown.map(String)).toEqual([
      'Error: from the loss',
      'TypeError: looking: expected the loss to return a float32 Scalar, got a tensor of shape [1,2]. Take its tf.mean or tf.sum.',
    ]);
    expect([...theta.dataSync()]).toEqual([1, 2]);
    optimizer.dispose();
    theta.dispose();
  });
});
