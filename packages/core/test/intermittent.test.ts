import * as tf from '@tensorflow/tfjs';
import {
  compose,
  type Gate,
  intermittent,
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

  it('refuses a rule that evaluates after the update', () => {
    const rule = { ...compose(), afterStep: () => {} };
    expect(() => intermittent(rule, () => true)).toThrow(/done when the update begins/);
  });
});
