import * as tf from '@tensorflow/tfjs';
import {
  compose,
  type Gate,
  type GradientOracle,
  intermittent,
  type RuleStep,
  type StepReport,
  sgd,
  sharpnessAware,
  stepRecorder,
} from '@tfjs-sam/core';
import { backendNames, toyProblem, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';

describe.each([...backendNames])('a rule that acts at some steps, on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  /** Weights and evaluations after six steps. */
  const train = (gate: Gate, onStep?: (report: StepReport) => void) => {
    const problem = toyProblem();
    const rule = intermittent(compose({ rho: 0.3 }), gate);
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1, momentum: 0.9 }), rule, { onStep });
    let evaluations = 0;
    for (let i = 0; i < 6; i++) {
      const loss = () => {
        evaluations += 1;
        return problem.loss(i);
      };
      optimizer.minimize(loss, false, problem.variables);
    }
    const values = problem.values();
    optimizer.dispose();
    problem.dispose();
    return { values, evaluations };
  };
  const odd = (step: number) => step % 2 === 1;

  it('is the rule where it always acts, and the base optimizer where it never does', () => {
    const plain = (optimizer: tf.Optimizer) => {
      const problem = toyProblem();
      for (let i = 0; i < 6; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
      const values = problem.values();
      problem.dispose();
      return values;
    };
    const base = () => sgd({ learningRate: 0.1, momentum: 0.9 });
    expect(train(() => true)).toEqual({
      values: plain(sharpnessAware(base(), { rho: 0.3 })),
      evaluations: 12,
    });
    expect(train(() => false)).toEqual({ values: plain(base()), evaluations: 6 });
  });

  it('decides on the device as before the step, at the cost of both evaluations', () => {
    const known = train(({ step }) => odd(step));
    const chosen = train(({ step }) => tf.greater(tf.scalar(step % 2), 0));
    expect(chosen.values).toEqual(known.values);
    expect([known.evaluations, chosen.evaluations]).toEqual([9, 12]);
  });

  it.each([
    ['before the step', ({ step }: { step: number }) => odd(step)],
    ['on the device', ({ step }: { step: number }) => tf.greater(tf.scalar(step % 2), 0)],
  ])('reports which steps those were, decided %s', async (_name, gate) => {
    const active: boolean[] = [];
    train(gate, ({ isActive }) => active.push(isActive));
    await new Promise((resolve) => setTimeout(resolve));
    expect(active).toEqual([false, true, false, true, false, true]);
  });

  it('logs their share', async () => {
    const recorder = stepRecorder();
    train(({ step }) => step < 2, recorder.onStep);
    await new Promise((resolve) => setTimeout(resolve));
    const logs: Record<string, unknown> = {};
    await recorder.callbacks.onEpochEnd(0, logs);
    expect(logs.isActive).toBeCloseTo(1 / 3);
  });

  it.each([
    ['before the step', ({ step }: { step: number }) => odd(step)],
    ['on the device', ({ step }: { step: number }) => tf.greater(tf.scalar(step % 2), 0)],
  ])(
    'remembers what it had at an active step, and moves the weights at no other: decided %s',
    (_name, gate) => {
      const x = tf.variable(tf.tensor1d([1]));
      const read: unknown[] = [];
      const rule = {
        name: 'remembering',
        direction: (oracle: GradientOracle): RuleStep => {
          const { state, step } = oracle;
          const memory = [
            state.get('v')?.[0],
            state.getEach('v')[0],
            state.recall('v', () => [tf.scalar(-1)])[0],
            state.getTensor('t'),
            state.recallTensor('t', () => tf.scalar(-1)),
          ];
          if (step > 1 && odd(step)) read.push(memory.map((tensor) => tensor?.dataSync()[0]));
          // It donates the gradient, of which the plain step is made.
          const { loss } = oracle.evaluate();
          const { gradient: perturbed } = oracle.evaluate({ perturbation: [tf.tensor1d([1])], donate: true });
          state.set('v', [tf.tensor1d([step])]);
          state.setTensor('t', tf.scalar(10 * step), 'first');
          state.set('passing', perturbed);
          state.delete('passing');
          const correction = [tf.add(tf.mul(perturbed[0]!, 0), step)];
          return { loss, direction: perturbed, correction };
        },
      };
      const optimizer = sharpnessAware(sgd({ learningRate: 0 }), intermittent(rule, gate));
      for (let i = 0; i < 6; i++) optimizer.minimize(() => tf.sum(x) as tf.Scalar, false, [x]);
      expect(read).toEqual([1, 3].map((step) => [step, step, step, 10 * step, 10 * step]));
      expect(x.dataSync()[0]).toBe(1 + 1 + 3 + 5);
      optimizer.dispose();
      x.dispose();
    },
  );

  it.each<[string, Partial<RuleStep>]>([
    ['updates', { preceding: [[]] }],
    ['a correction that looks', { correction: () => [] }],
  ])('refuses to choose %s of its own on the device', (_name, own) => {
    const x = tf.variable(tf.tensor1d([1]));
    const rule = {
      name: 'moving',
      direction: (oracle: GradientOracle): RuleStep => {
        const { loss, gradient } = oracle.evaluate();
        return { loss, direction: gradient, ...own };
      },
    };
    const optimizer = sharpnessAware(
      sgd({ learningRate: 0 }),
      intermittent(rule, () => tf.scalar(true, 'bool')),
    );
    expect(() => optimizer.minimize(() => tf.sum(x) as tf.Scalar, false, [x])).toThrow(
      'intermittent: expected a rule without updates of its own, got moving',
    );
    optimizer.dispose();
    x.dispose();
  });

  it('refuses a rule that evaluates after the update', () => {
    const rule = { ...compose(), afterStep: () => {} };
    expect(() => intermittent(rule, () => true)).toThrow(/done when the update begins/);
  });
});
