import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { adamw, cosineDecay, sgd } from '@tfjs-sam/core';
import { backendNames, buildGoldenModel, type Golden, toyProblem, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';

interface Case {
  readonly name: string;
  readonly hyper: {
    lr: number;
    momentum?: number;
    nesterov?: boolean;
    weight_decay: number;
    betas?: [number, number];
    eps?: number;
  };
  readonly steps: readonly { loss: number; parameters: Record<string, number[]> }[];
}
type Reference = Pick<Golden, 'initial'> & { batches: NonNullable<Golden['data']['batches']>; cases: Case[] };

const reference = JSON.parse(
  readFileSync(new URL('./fixtures/base-optimizers.json', import.meta.url), 'utf8'),
) as Reference;
const model = () =>
  buildGoldenModel({
    model: 'mlp',
    initial: reference.initial,
    data: { batches: reference.batches },
  } as unknown as Golden);

function make({ name, hyper }: Case): tf.Optimizer {
  const { lr, momentum, nesterov, weight_decay: weightDecay, betas, eps } = hyper;
  if (!name.startsWith('adam')) return sgd({ learningRate: lr, momentum, nesterov, weightDecay });
  return adamw({ learningRate: lr, beta1: betas![0], beta2: betas![1], epsilon: eps, weightDecay });
}

describe.each([...backendNames])('core’s base optimizers on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each(reference.cases.map((entry) => [entry.name, entry] as const))(
    '%s takes PyTorch’s steps',
    (_name, entry) => {
      const { variables, loss, dispose } = model();
      const optimizer = make(entry);
      for (const [i, step] of entry.steps.entries()) {
        const value = optimizer.minimize(() => loss(i % reference.batches.length), true, variables)!;
        // float32 against float64: 8 steps of numbers of size 1, each with a few dozen roundings of 2⁻²⁴.
        expect(Math.abs(value.dataSync()[0]! - step.loss)).toBeLessThan(1e-5);
        value.dispose();
        for (const [j, expected] of Object.values(step.parameters).entries()) {
          const actual = variables[j]!.dataSync();
          expect(Math.max(...expected.map((number, k) => Math.abs(number - actual[k]!)))).toBeLessThan(1e-5);
        }
      }
      optimizer.dispose();
      dispose();
    },
  );

  it.each([
    ['sgd', () => sgd({ learningRate: 0.1 }), () => tf.train.sgd(0.1)],
    ['momentum', () => sgd({ learningRate: 0.1, momentum: 0.9 }), () => tf.train.momentum(0.1, 0.9)],
    [
      'nesterov',
      () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
      () => tf.train.momentum(0.1, 0.9, true),
    ],
    ['adam', () => adamw({ learningRate: 0.01, weightDecay: 0 }), () => tf.train.adam(0.01)],
  ])('%s agrees with TensorFlow.js’s own', (_name, ours, theirs) => {
    const run = (optimizer: tf.Optimizer) => {
      const problem = toyProblem();
      for (let i = 0; i < 6; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
      const values = problem.values().flat();
      optimizer.dispose();
      problem.dispose();
      return values;
    };
    const [a, b] = [run(ours()), run(theirs())];
    expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))).toBeLessThan(2e-6);
  });

  it.each([
    ['AMSGrad', { amsgrad: true, weightDecay: 0 }],
    ['coupled decay', { coupled: true, weightDecay: 0.1 }],
    ['both', { amsgrad: true, coupled: true, weightDecay: 0.1 }],
  ])('adamw with %s follows its recurrence, and shows its moments', (_name, options) => {
    const [learningRate, beta1, beta2, epsilon] = [0.05, 0.8, 0.7, 1e-7];
    const optimizer = adamw({ learningRate, beta1, beta2, epsilon, ...options });
    const weight = tf.variable(tf.scalar(1));
    let [theta, m, v, largest] = [1, 0, 0, 0];
    // Slopes that fall: the largest second moment is not the last.
    for (const [i, slope] of [3, -1, 0.5, 0.2, -0.1, 0.05].entries()) {
      optimizer.minimize(() => tf.mul(weight, slope) as tf.Scalar, false, [weight]);
      const decay = options.weightDecay;
      const gradient = slope + ('coupled' in options ? decay * theta : 0);
      m = beta1 * m + (1 - beta1) * gradient;
      v = beta2 * v + (1 - beta2) * gradient ** 2;
      largest = Math.max(largest, v);
      const second = 'amsgrad' in options ? largest : v;
      theta -=
        (learningRate * (m / (1 - beta1 ** (i + 1)))) /
        (Math.sqrt(second / (1 - beta2 ** (i + 1))) + epsilon);
      expect(weight.dataSync()[0]).toBeCloseTo(theta, 5);
      expect(optimizer.firstMoment([weight])![0]!.dataSync()[0]).toBeCloseTo(m, 5);
      expect(optimizer.secondMoment([weight])![0]!.dataSync()[0]).toBeCloseTo(v, 5);
    }
    optimizer.dispose();
    weight.dispose();
  });

  it('follows a schedule of the learning rate, and a change of it', () => {
    const optimizer = sgd({ learningRate: cosineDecay(0.1, 0, 2) });
    const weight = tf.variable(tf.scalar(1));
    const rates = [0, 1, 2].map(() => {
      const before = weight.dataSync()[0]!;
      optimizer.minimize(() => tf.mul(weight, 1) as tf.Scalar, false, [weight]);
      return before - weight.dataSync()[0]!;
    });
    // Differences of numbers near 1: two roundings of 2⁻²⁴.
    for (const [i, rate] of [0.1, 0.05, 0].entries()) expect(rates[i]).toBeCloseTo(rate, 6);
    optimizer.setLearningRate(0.5);
    expect(optimizer.learningRate).toBe(0.5);
    weight.dispose();
    optimizer.dispose();
  });
});

describe('options of the base optimizers', () => {
  it.each([
    [() => sgd({ learningRate: -1 }), 'sgd: expected learningRate to be a finite number >= 0, got -1'],
    [() => sgd({ learningRate: 0.1, momentum: 1 }), 'sgd: expected momentum to be in [0, 1), got 1'],
    [() => sgd({ learningRate: 0.1, nesterov: true }), 'sgd: expected a momentum > 0 with nesterov, got 0'],
    [() => adamw({ beta1: 1 }), 'adamw: expected beta1 to be in [0, 1), got 1'],
    [() => adamw({ epsilon: 0 }), 'adamw: expected epsilon to be a finite number > 0, got 0'],
    [
      () => sgd({ learningRate: '0.1' as unknown as number }),
      'sgd: expected learningRate to be a number or a schedule (step) => number, got "0.1"',
    ],
  ])('are checked at the door', (make_, message) => {
    expect(make_).toThrow(message);
  });

  it('decays only the variables that the predicate names', () => {
    const [kernel, bias] = [
      tf.variable(tf.scalar(1), true, 'd/kernel'),
      tf.variable(tf.scalar(1), true, 'd/bias'),
    ];
    const optimizer = adamw({
      learningRate: 0.1,
      weightDecay: 1,
      decay: ({ name }) => name.endsWith('kernel'),
    });
    const flat = () => tf.mul(tf.add(kernel, bias), 0) as tf.Scalar;
    optimizer.minimize(flat, false, [kernel, bias]);
    expect(kernel.dataSync()[0]).toBeCloseTo(0.9, 6);
    expect(bias.dataSync()[0]).toBe(1);
    tf.dispose([kernel, bias]);
    optimizer.dispose();
  });
});
