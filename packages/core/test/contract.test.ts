import * as tf from '@tensorflow/tfjs';
import {
  adamw,
  clipByGlobalNorm,
  type DriverOptions,
  mongeMetric,
  sgd,
  sharpnessAware,
} from '@tfjs-sam/core';
import { backendNames, useBackend } from '@tfjs-sam/testing';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

const sam = (options: DriverOptions & { rho?: number } = {}, learningRate = 0.1) =>
  sharpnessAware(sgd({ learningRate }), options);
const sumOfSquares = (x: tf.Tensor) => tf.sum(tf.square(x)) as tf.Scalar;

describe.each([...backendNames])('the contract of a step on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterEach(() => void vi.restoreAllMocks());

  it.each([false, true])(
    'gives what the loss keeps the first pass’s value, once (in a tidy: %s)',
    (inTidy) => {
      const w = tf.variable(tf.tensor1d([3, 4]));
      const optimizer = sam({ rho: 0.5 });
      const { numTensors } = tf.memory();
      let kept: tf.Tensor | undefined;
      const loss = () => {
        kept = tf.keep(tf.mul(w, 1));
        return tf.mean(tf.square(kept)) as tf.Scalar;
      };
      optimizer.minimize(inTidy ? () => tf.tidy(loss) : loss, false, [w]);
      expect([...kept!.dataSync()]).toEqual([3, 4]);
      kept!.dispose();
      expect(tf.memory().numTensors).toBe(numTensors);
      w.dispose();
    },
  );

  it('advances a stateful layer once a step', async () => {
    const losses = async (wrap: (base: tf.Optimizer) => tf.Optimizer) => {
      const layer = tf.layers.gru({
        ...{ units: 2, stateful: true, batchInputShape: [1, 1, 1] },
        ...{ kernelInitializer: 'ones', recurrentInitializer: 'ones' },
      });
      const model = tf.sequential({ layers: [layer] });
      model.compile({ optimizer: wrap(sgd({ learningRate: 0 })), loss: 'meanSquaredError' });
      const [x, y] = [tf.ones([1, 1, 1]), tf.zeros([1, 2])];
      const seen: unknown[] = [];
      for (let i = 0; i < 3; i++) seen.push(await model.trainOnBatch(x, y));
      return seen;
    };
    expect(await losses((base) => sharpnessAware(base, { rho: 0 }))).toEqual(await losses((base) => base));
  });

  it.each([1, 2])('leaves statistics and the rest as before when evaluation %s throws', (failing) => {
    const [w, statistic] = [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.scalar(0), false)];
    const optimizer = sharpnessAware(adamw(), {});
    let calls = 0;
    let at = 0;
    const loss = () => {
      if (++calls === at) throw new Error('no data');
      statistic.assign(tf.add(statistic, 1) as tf.Scalar);
      return sumOfSquares(w);
    };
    optimizer.minimize(loss, false, [w]);
    const before = { w: [...w.dataSync()], ...tf.memory() };
    [calls, at] = [0, failing];
    expect(() => optimizer.minimize(loss, false, [w])).toThrow('no data');
    expect([...w.dataSync()]).toEqual(before.w);
    expect(statistic.dataSync()[0]).toBe(1);
    expect(tf.memory()).toMatchObject({
      numTensors: before.numTensors,
      numDataBuffers: before.numDataBuffers,
    });
    expect([optimizer.iterations, optimizer.base.iterations]).toEqual([1, 1]);
  });

  it('leaves running statistics as they were when a step is skipped', async () => {
    const model = tf.sequential({
      layers: [tf.layers.batchNormalization({ inputShape: [2] }), tf.layers.dense({ units: 1 })],
    });
    model.compile({ optimizer: sam({ onNonFinite: 'skip' }), loss: 'meanSquaredError' });
    const before = model.getWeights().map((weight) => [...weight.dataSync()]);
    await model.trainOnBatch(tf.fill([8, 2], Number.POSITIVE_INFINITY), tf.ones([8, 1]));
    expect(model.getWeights().map((weight) => [...weight.dataSync()])).toEqual(before);
  });

  it.each([
    ['undefined', () => undefined],
    ['a Promise', async () => tf.scalar(1)],
    ['shape [2,1]', () => tf.ones([2, 1])],
    ['int32', () => tf.scalar(1, 'int32')],
  ])('says what a loss may not return: %s', (what, loss) => {
    const w = tf.variable(tf.scalar(1));
    expect(() => sam().minimize(loss as never, false, [w])).toThrow(what);
  });

  it('takes every variable once, float32 alone, and lets rest what the loss does not reach', () => {
    const [a, b] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(1))];
    const count = tf.variable(tf.scalar(0, 'int32'));
    const optimizer = sam({ groups: [{ match: () => true, weightDecay: 0.5 }] });
    optimizer.minimize(() => sumOfSquares(a), false, [a, a, b, count]);
    expect([b.dataSync()[0], count.dataSync()[0]]).toEqual([1, 0]);
    expect(() => sam().minimize(() => sumOfSquares(a), false, [undefined] as never)).toThrow('varList[0]');
    optimizer.minimize(() => sumOfSquares(a), false, new Set([a]));
    optimizer.minimize(() => sumOfSquares(a), false, a);
    tf.dispose([a, b, count]);
  });

  it('notices a loss that draws its batch, at no evaluation more for one that does not', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const w = tf.variable(tf.scalar(1));
    let calls = 0;
    sam().minimize(
      () => {
        calls++;
        return tf.square(w) as tf.Scalar;
      },
      false,
      [w],
    );
    expect(calls).toBe(2);
    expect(warn).not.toHaveBeenCalled();
    const optimizer = sam();
    for (let i = 0; i < 3; i++)
      optimizer.minimize(() => tf.square(tf.sub(w, calls++)) as tf.Scalar, false, [w]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![0]).toContain('different values at the same weights');
  });

  it('refuses sharpness inside sharpness, and tells of gradients that were made elsewhere', () => {
    expect(() => sam().constructor && sharpnessAware(clipByGlobalNorm(sam(), 1))).toThrow(
      'without sharpness',
    );
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const w = tf.variable(tf.scalar(1));
    const optimizer = sam();
    optimizer.applyGradients(optimizer.computeGradients(() => tf.square(w) as tf.Scalar, [w]).grads);
    expect(warn).not.toHaveBeenCalled();
    optimizer.applyGradients(tf.variableGrads(() => tf.square(w) as tf.Scalar, [w]).grads);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('gives micro-batches masks of their own, the same in all passes', () => {
    const w = tf.variable(tf.ones([2]));
    const masks: string[] = [];
    const loss = () => {
      const mask = tf.dropout(tf.ones([32]), 0.5);
      masks.push([...mask.dataSync()].map(Number).join(''));
      return tf.mul(sumOfSquares(w), tf.mean(mask)) as tf.Scalar;
    };
    sam().minimizeOver([loss, loss], { varList: [w] });
    expect(masks).toHaveLength(4);
    expect(masks[0]).not.toBe(masks[1]);
    expect(masks.slice(2)).toEqual(masks.slice(0, 2));
  });

  it('counts steps for each set of variables', () => {
    const [a, b] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(1))];
    const steps: number[] = [];
    const rho = (step: number) => {
      steps.push(step);
      return 0.1;
    };
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), { rho });
    for (let i = 0; i < 3; i++) for (const x of [a, b]) optimizer.minimize(() => sumOfSquares(x), false, [x]);
    expect(steps.filter((_, i) => i >= steps.length - 6)).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it('keeps a Monge step whole where groups leave variables out: ρ/√(1 + ‖g‖²) of the others', () => {
    const [kernel, bias] = [tf.variable(tf.ones([2, 2])), tf.variable(tf.ones([2]))];
    const seen: number[][] = [];
    const optimizer = sharpnessAware(sgd({ learningRate: 0 }), {
      ...{ rho: 0.1, metric: mongeMetric() },
      groups: [{ match: ({ rank }) => rank === 1, rho: 0 }],
    });
    optimizer.minimize(
      () => {
        seen.push([...kernel.dataSync(), ...bias.dataSync()]);
        return tf.add(tf.mul(3, tf.sum(kernel)), tf.mul(1000, tf.sum(bias))) as tf.Scalar;
      },
      false,
      [kernel, bias],
    );
    const delta = seen[1]!.map((value, i) => value - seen[0]![i]!);
    expect(delta.slice(4)).toEqual([0, 0]);
    expect(Math.hypot(...delta)).toBeCloseTo(0.1 / Math.sqrt(1 + 36), 6);
  });
});
