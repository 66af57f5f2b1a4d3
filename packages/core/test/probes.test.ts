import * as tf from '@tensorflow/tfjs';
import {
  adamw,
  clipByGlobalNorm,
  exponentialMovingAverage,
  fisherMetric,
  hvp,
  makeOracle,
  mongeMetric,
  pNormAscent,
  restoreState,
  saveState,
  sgd,
  sharpnessAware,
  stepRecorder,
  withLearningRate,
  withWeightDecay,
} from '@tfjs-sam/core';
import { backendNames, useBackend } from '@tfjs-sam/testing';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { memory } from './training.js';

const values = (...variables: tf.Variable[]) => variables.map((variable) => [...variable.dataSync()]);
const quadratic = (...variables: tf.Variable[]) =>
  tf.addN(variables.map((variable) => tf.sum(tf.square(variable)))) as tf.Scalar;
const fault = () => {
  throw new Error('a fault');
};

/** Edges of the step's contract that users meet. */
describe.each([...backendNames])('at the edges, on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterEach(() => tf.disposeVariables());
  const pair = () =>
    tf.tidy(() => [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.tensor1d([3]))] as const);

  it.each<[string, (variables: readonly tf.Variable[]) => unknown]>([
    ['a Set', (variables) => new Set(variables)],
    ['an iterator’s array', (variables) => [...variables.values()]],
    ['each twice', (variables) => [...variables, ...variables]],
    ['undefined', () => undefined],
    ['null', () => null],
  ])('takes varList as %s', (_, listOf) => {
    const variables = pair();
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }));
    optimizer.minimize(() => quadratic(...variables), false, listOf(variables) as never);
    const expected = values(...variables);
    for (const [i, v] of ([[1, 2], [3]] as const).entries())
      (variables[i] as tf.Variable).assign(tf.tensor1d([...v]));
    sharpnessAware(sgd({ learningRate: 0.1 })).minimize(() => quadratic(...variables), false, [...variables]);
    expect(values(...variables)).toEqual(expected);
  });

  it('takes one variable for a list, and says what in a list is none', () => {
    const [a, b] = pair();
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }));
    optimizer.minimize(() => quadratic(a, b), false, a as never);
    expect(values(b)).toEqual([[3]]);
    expect(values(a)).not.toEqual([[1, 2]]);
    for (const list of [[undefined], [a, null], [tf.scalar(1)], 3, {}])
      expect(() => optimizer.minimize(() => quadratic(a), false, list as never)).toThrow(/varList/);
  });

  it.each<[string, () => tf.Optimizer]>([
    ['the radius', () => sharpnessAware(sgd({ learningRate: 0.1 }), { rho: fault })],
    ['the rate', () => sharpnessAware(sgd({ learningRate: fault }))],
    ['the rate around it', () => withLearningRate(sharpnessAware(sgd({ learningRate: 1 })), fault)],
    [
      'a group’s predicate',
      () => sharpnessAware(sgd({ learningRate: 0.1 }), { groups: [{ match: fault, rho: 0 }] }),
    ],
    [
      'a group’s predicate, for decay',
      () => sharpnessAware(sgd({ learningRate: 0.1 }), { groups: [{ match: fault, weightDecay: 0.1 }] }),
    ],
    ['what decays', () => sharpnessAware(adamw({ decay: fault }))],
    [
      'what decays around it',
      () => withWeightDecay(sharpnessAware(adamw()), { weightDecay: 0.1, decay: fault }),
    ],
    [
      'a metric',
      () => sharpnessAware(sgd({ learningRate: 0.1 }), { metric: { name: 'own', at: fault } as never }),
    ],
    ['a combiner', () => sharpnessAware(sgd({ learningRate: 0.1 }), { combine: { combine: fault } })],
    ['a filter', () => sharpnessAware(sgd({ learningRate: 0.1 }), { filter: { apply: fault } })],
    ['an ascent', () => sharpnessAware(sgd({ learningRate: 0.1 }), { ascent: fault })],
  ])('a throw in %s leaves nothing behind', (_, make) => {
    const [a, b] = pair();
    const statistic = tf.tidy(() => tf.variable(tf.scalar(0), false));
    const { numTensors, numDataBuffers } = tf.memory();
    let optimizer: tf.Optimizer | undefined;
    const step = () => {
      optimizer ??= make();
      optimizer.minimize(
        () => {
          tf.tidy(() => statistic.assign(tf.add(statistic, 1) as tf.Scalar));
          return quadratic(a, b);
        },
        false,
        [a, b],
      );
    };
    for (let i = 0; i < 2; i++) expect(step).toThrow('a fault');
    expect(values(a, b, statistic)).toEqual([[1, 2], [3], [0]]);
    expect(optimizer?.iterations ?? 0).toBe(0);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    optimizer?.dispose();
  });

  it.each(['throws', 'rejects'])(
    'a listener that %s keeps no other from hearing, and fails no step',
    async (how) => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      const [a] = pair();
      const recorder = stepRecorder();
      const bad = how === 'throws' ? fault : () => Promise.reject(new Error('a fault'));
      const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), {
        onStep: [(() => bad()) as never, recorder.onStep],
      });
      for (let i = 0; i < 3; i++) optimizer.minimize(() => quadratic(a), false, [a]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(recorder.reports.length).toBe(3);
      expect(warn).toHaveBeenCalledTimes(1);
      warn.mockRestore();
      optimizer.dispose();
    },
  );

  it('a closure that frees its own batch is told what to do', () => {
    const [a] = pair();
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }));
    const batch = tf.ones([2]);
    const loss = () => {
      const result = tf.sum(tf.mul(tf.square(a), batch)) as tf.Scalar;
      batch.dispose();
      return result;
    };
    const before = values(a);
    expect(() => optimizer.minimize(loss, false, [a])).toThrow(/dispose of batches after minimize/);
    expect(values(a)).toEqual(before);
    optimizer.dispose();
  });

  it('tensors that the loss clones, keeps and memoises are its own, whatever comes after', () => {
    const [a] = pair();
    const optimizer = sharpnessAware(adamw({ learningRate: 0.1 }), { rho: 0.1, onNonFinite: 'skip' });
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    let calls = 0;
    let memo: tf.Tensor | undefined;
    let clone: tf.Tensor | undefined;
    const loss =
      (factor = 1) =>
      () => {
        calls += 1;
        if (calls === 2) memo = tf.keep(tf.mul(a, 2));
        clone?.dispose();
        clone = tf.keep(a.clone());
        const anchored = memo ? tf.sum(tf.square(tf.sub(a, memo))) : tf.scalar(0);
        return tf.mul(tf.add(quadratic(a), anchored), factor) as tf.Scalar;
      };
    const weights: number[] = [];
    for (const factor of [1, 1, Number.NaN, 1]) {
      weights.splice(0, 2, ...a.dataSync());
      optimizer.minimize(loss(factor), false, [a]);
      // Of the first evaluation: θ before the update.
      expect([...clone!.dataSync()]).toEqual(weights);
      expect([...memo!.dataSync()].every(Number.isFinite)).toBe(true);
    }
    expect(() => optimizer.minimize(() => fault(), false, [a])).toThrow('a fault');
    expect(clone!.dataSync().length).toBe(2);
    warn.mockRestore();
    optimizer.dispose();
    tf.dispose([memo!, clone!]);
  });

  it('states are not exchanged between optimizers of other options', async () => {
    const [a] = pair();
    const [one, other] = [sharpnessAware(adamw({ beta1: 0.9 })), sharpnessAware(adamw({ beta1: 0.8 }))];
    one.minimize(() => quadratic(a), false, [a]);
    const place = memory();
    await saveState(one, place);
    await expect(restoreState(other, place)).rejects.toThrow(/beta1 is 0.9 in the state and 0.8 here/);
    expect(other.iterations).toBe(0);
    for (const each of [one, other]) each.dispose();
  });

  it('wrappers of wrappers, and a sharpness-aware base below them, are what they say', () => {
    const deep = () =>
      exponentialMovingAverage(
        withWeightDecay(clipByGlobalNorm(sgd({ learningRate: 0.1 }), 1), { weightDecay: 0.1 }),
      );
    const [a] = pair();
    const optimizer = sharpnessAware(deep());
    for (let i = 0; i < 3; i++) optimizer.minimize(() => quadratic(a), false, [a]);
    expect(values(a).flat().every(Number.isFinite)).toBe(true);
    expect(() => sharpnessAware(withWeightDecay(sharpnessAware(deep()), { weightDecay: 0.1 }))).toThrow(
      /without sharpness/,
    );
    optimizer.dispose();
  });

  it('metrics with factors of groups perturb nothing where the factor is 0', () => {
    for (const metric of [
      mongeMetric(),
      mongeMetric({ iterations: { rank: 2 } }),
      fisherMetric(),
      pNormAscent(),
    ]) {
      const [a, b] = pair();
      const seen: number[][] = [];
      const groups = [{ match: ({ name }: tf.Variable) => name === b.name, rho: 0 }];
      const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), { rho: 0.1, metric, groups });
      optimizer.minimize(
        () => {
          seen.push([...b.dataSync()]);
          return quadratic(a, b);
        },
        false,
        [a, b],
      );
      expect(new Set(seen.map(String)).size, metric.name).toBe(1);
      optimizer.dispose();
    }
  });

  it.each(['gru', 'lstm', 'simpleRNN'] as const)(
    'a stateful %s advances once a step, in fit too',
    async (kind) => {
      const build = () => {
        const model = tf.sequential();
        const cell = {
          units: 2,
          stateful: true,
          recurrentInitializer: 'ones',
          kernelInitializer: 'ones',
        } as const;
        model.add(tf.layers[kind]({ ...cell, batchInputShape: [2, 3, 1] } as never));
        model.add(tf.layers.dense({ units: 1, kernelInitializer: 'ones' }));
        return model;
      };
      const [x, y] = [tf.ones([2, 3, 1]), tf.ones([2, 1])];
      const outputs: number[][] = [];
      for (const optimizer of [
        sgd({ learningRate: 0 }),
        sharpnessAware(sgd({ learningRate: 0 }), { rho: 0.1 }),
      ]) {
        const model = build();
        model.compile({ optimizer, loss: 'meanSquaredError' });
        await model.trainOnBatch(x, y);
        await model.fit(x, y, { batchSize: 2, epochs: 2, verbose: 0 });
        outputs.push([...(model.predict(x, { batchSize: 2 }) as tf.Tensor).dataSync()]);
        model.dispose();
      }
      expect(outputs[1]).toEqual(outputs[0]);
      tf.dispose([x, y]);
    },
  );

  it('dropout with a seed that counts is one mask on both sides of a difference', () => {
    const model = tf.sequential();
    model.add(tf.layers.dense({ units: 8, inputShape: [4], kernelInitializer: 'ones' }));
    model.add(tf.layers.dropout({ rate: 0.5, seed: 3 }));
    model.add(tf.layers.dense({ units: 1, kernelInitializer: 'ones' }));
    const x = tf.ones([5, 4]);
    const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const loss = () => tf.mean(tf.square(model.apply(x, { training: true }) as tf.Tensor)) as tf.Scalar;
    tf.tidy(() => {
      const oracle = makeOracle(loss, variables);
      const [first, second] = [
        oracle.evaluate({}),
        oracle.value({ perturbation: variables.map((v) => tf.zerosLike(v)) }),
      ];
      expect(second.dataSync()[0]).toBe(first.loss.dataSync()[0]);
      const along = variables.map((v) => tf.ones(v.shape));
      const products = [hvp(oracle, along), hvp(oracle, along)].map((p) => p.map((t) => [...t.dataSync()]));
      expect(products[0]).toEqual(products[1]);
      oracle.dispose?.();
    });
    model.dispose();
    x.dispose();
  });

  it('an optimizer that meets a name with another shape says so', () => {
    const make = (size: number) => tf.tidy(() => tf.variable(tf.ones([size]), true, 'edges/reused'));
    const optimizer = sharpnessAware(adamw());
    const first = make(2);
    optimizer.minimize(() => quadratic(first), false, [first]);
    first.dispose();
    const second = make(3);
    expect(() => optimizer.minimize(() => quadratic(second), false, [second])).toThrow(
      /keep its shape \[2\]/,
    );
    optimizer.dispose();
  });

  it('statistics that the loss assigns rest where it is skipped, with varList and without', () => {
    for (const list of [true, false]) {
      const [a] = pair();
      const statistic = tf.tidy(() => tf.variable(tf.scalar(0), list));
      const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), { onNonFinite: 'skip' });
      const loss = (factor: number) => () => {
        tf.tidy(() => statistic.assign(tf.add(statistic, 1) as tf.Scalar));
        return tf.mul(quadratic(a), factor) as tf.Scalar;
      };
      for (const factor of [Number.NaN, 1, Number.NaN, 1])
        optimizer.minimize(loss(factor), false, list ? [a] : undefined);
      expect(values(statistic)).toEqual([[2]]);
      optimizer.dispose();
      tf.disposeVariables();
    }
  });
});
