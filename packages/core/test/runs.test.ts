import * as tf from '@tensorflow/tfjs';
import { backendNames, RUNS, runsProblem, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  adamw,
  elementwiseMetric,
  mongeMetric,
  pNormAscent,
  type Runs,
  type SharpnessAwareOptimizer,
  sgd,
  sharpnessAware,
} from '../src/index.js';

const factors = [0.5, 1, 3];
const runs = { count: RUNS, rho: factors, learningRate: [1, 0.2, 2] };

const bases = {
  'sgd with momentum': (learningRate: number) => sgd({ learningRate, momentum: 0.9, weightDecay: 0.01 }),
  nesterov: (learningRate: number) => sgd({ learningRate, momentum: 0.9, nesterov: true }),
  adamw: (learningRate: number) => adamw({ learningRate, weightDecay: 0.1 }),
};
const metrics = {
  Euclidean: undefined,
  elementwise: elementwiseMetric({ eta: 0.01 }),
  Monge: mongeMetric(),
  'p = 1': pNormAscent({ p: 1 }),
  'p = 4': pNormAscent({ p: 4 }),
  'p = ∞': pNormAscent({ p: 'infinity' }),
};

/** The weights of each network after some steps. */
function trained(optimizer: SharpnessAwareOptimizer, alone?: number, steps = 4): number[][] {
  const problem = runsProblem(alone);
  for (let i = 0; i < steps; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
  const values = problem.values();
  optimizer.dispose();
  problem.dispose();
  return values;
}

describe.each([...backendNames])('independent runs on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each(
    Object.entries(bases).flatMap(([base, makeBase]) =>
      Object.entries(metrics).map(([metric, value]) => [base, metric, makeBase, value] as const),
    ),
  )('a radius and a learning rate of each, with %s and %s', (_base, _metric, makeBase, metric) => {
    const together = trained(sharpnessAware(makeBase(0.05), { rho: 0.1, metric, runs }));
    for (const [run, values] of together.entries()) {
      const own = makeBase(0.05 * runs.learningRate[run]!);
      const [alone] = trained(sharpnessAware(own, { rho: 0.1 * factors[run]!, metric }), run) as [number[]];
      const worst = Math.max(...values.map((value, i) => Math.abs(value - alone[i]!)));
      // Adam divides by roots of gradients, whose roundings count for more.
      expect(worst, `run ${run}`).toBeLessThan(makeBase === bases.adamw ? 1e-4 : 1e-5);
    }
  });

  it('gives the losses of the runs, and leaks nothing', () => {
    const problem = runsProblem();
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), { runs });
    const losses = [...problem.loss(0).dataSync()];
    const step = () => optimizer.minimize(() => problem.loss(0), true, problem.variables)!;
    const first = step();
    expect([...first.dataSync()]).toEqual(losses);
    first.dispose();
    const { numTensors } = tf.memory();
    step().dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    optimizer.dispose();
    problem.dispose();
  });

  it('one that breaks breaks alone', () => {
    const values = (broken: boolean) => {
      const theta = tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2]));
      const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), { rho: 0.1, runs: { count: 2 } });
      const weights = tf.tensor1d([1, broken ? Number.NaN : 1]);
      optimizer.minimize(() => tf.mul(tf.sum(tf.square(theta), 1), weights) as tf.Scalar, false, [theta]);
      const result = [...theta.dataSync()];
      tf.dispose([theta, weights]);
      return result;
    };
    expect(values(true).slice(0, 2)).toEqual(values(false).slice(0, 2));
    expect(values(true).slice(2).every(Number.isNaN)).toBe(true);
  });

  it('resumes', async () => {
    const make = () => sharpnessAware(bases.adamw(0.05), { rho: 0.1, runs });
    const problem = runsProblem();
    const train = (optimizer: SharpnessAwareOptimizer, from: number) => {
      for (let i = from; i < from + 2; i++)
        optimizer.minimize(() => problem.loss(i), false, problem.variables);
    };
    const first = make();
    train(first, 0);
    const weights = problem.variables.map((variable) => variable.clone());
    const state = (await first.getWeights()).map(({ name, tensor }) => ({ name, tensor: tensor.clone() }));
    train(first, 2);
    const whole = problem.values();
    for (const [i, variable] of problem.variables.entries()) variable.assign(weights[i]!);
    const second = make();
    await second.setWeights(state);
    train(second, 2);
    expect(problem.values()).toEqual(whole);
  });
});

describe('independent runs', () => {
  beforeAll(() => useBackend('cpu'));

  const make = (options: object, given: Runs = { count: RUNS }) =>
    sharpnessAware(sgd({ learningRate: 0.1 }), { runs: given, ...options });

  it('say what does not fit', () => {
    expect(() => make({}, { count: 3, rho: [1, 2] })).toThrow(/runs\.rho to hold one number for each of 3/);
    expect(() => make({ onNonFinite: 'skip' })).toThrow(/onNonFinite "pass" with runs/);
    expect(() => make({ onStep: () => {} })).toThrow(/no onStep with runs/);
    const problem = runsProblem();
    const optimizer = make({});
    const minimize = (loss: () => tf.Tensor) =>
      optimizer.minimize(loss as () => tf.Scalar, false, problem.variables);
    expect(() => minimize(() => tf.mean(problem.loss(0)))).toThrow(/one value for each of the 3 runs/);
    expect(() => optimizer.minimizeOver([() => problem.loss(0), () => problem.loss(1)])).toThrow(
      /expected minimize, got minimizeOver/,
    );
    const plain = tf.variable(tf.ones([2, 4]));
    expect(() =>
      optimizer.minimize(() => tf.mul(tf.ones([3]), tf.sum(tf.square(plain))) as tf.Scalar, false, [plain]),
    ).toThrow(/first axis holds the 3 runs, got one of shape \[2,4\]/);
    tf.dispose([plain]);
    optimizer.dispose();
    problem.dispose();
  });

  it('are part of the configuration', () => {
    const optimizer = make({}, runs);
    expect(optimizer.getConfig()).toMatchObject({ runs });
    optimizer.dispose();
  });
});
