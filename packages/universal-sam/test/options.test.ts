import * as tf from '@tensorflow/tfjs';
import { sgd } from '@tfjs-sam/core';
import { toyProblem, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  detSam,
  estimateSharpness,
  type FunctionName,
  frobSam,
  traceSam,
  traceSharpness,
  universalSam,
} from '../src/index.js';

const base = () => sgd({ learningRate: 0.1 });

describe('options of the universal class', () => {
  beforeAll(() => useBackend('cpu'));

  it('are those of the published code by default', () => {
    const calls: [number, number][] = [];
    const ones = (shapes: readonly number[][], step: number, index: number) => {
      calls.push([step, index]);
      return shapes.map((shape) => tf.ones(shape));
    };
    const problem = toyProblem();
    const moved = [traceSam, detSam, frobSam].map((variant) => {
      const seen: number[] = [];
      const optimizer = variant(sgd({ learningRate: 0 }), { sampler: ones });
      const before = problem.values()[0]![0]!;
      const loss = () => {
        seen.push(problem.values()[0]![0]! - before);
        return problem.loss(0);
      };
      optimizer.minimize(loss, false, problem.variables);
      optimizer.dispose();
      return seen.slice(1).map((value) => Number(value.toFixed(4)));
    });
    expect(moved).toEqual([[0.01], [1], [0.005, 0.005]]);
    expect(calls).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 1],
    ]);
    problem.dispose();
  });

  it.each<[() => unknown, Error]>([
    [
      () => traceSam(base(), { rho: -1 }),
      new RangeError('trace-sam: expected rho to be a finite number >= 0, got -1'),
    ],
    [
      () => traceSam(base(), { lambda: Number.NaN }),
      new RangeError('trace-sam: expected lambda to be a finite number >= 0, got NaN'),
    ],
    [
      () => frobSam(base(), { samples: 1 }),
      new RangeError('frob-sam: expected samples to be an integer >= 2, got 1'),
    ],
    [
      () => detSam(base(), { halfWidth: 0 }),
      new RangeError('det-sam: expected halfWidth to be a finite number > 0, got 0'),
    ],
    [
      () => universalSam(base(), { distribution: 'ball' as 'sphere' }),
      new RangeError(
        'universal-sam: expected distribution to be one of [gaussian, sphere, cube], got "ball"',
      ),
    ],
    [
      () => universalSam(base(), { phi: 'sin' as FunctionName }),
      new RangeError(
        'universal-sam: expected phi to be a function or one of [identity, square, exp, log, exp-minus-half, inverse-square], got "sin"',
      ),
    ],
    [
      () => universalSam(base(), { psi: 3 as unknown as FunctionName }),
      new TypeError(
        'universal-sam: expected psi to be a function or one of [identity, square, exp, log, exp-minus-half, inverse-square], got 3',
      ),
    ],
    [
      () => universalSam(base(), { psiDerivative: (x) => x }),
      new TypeError('universalSharpness: expected psi to be a function beside psiDerivative, got identity'),
    ],
    [
      () => traceSam(base(), { sampler: 7 as unknown as () => [] }),
      new TypeError('trace-sam: expected sampler to be a function (shapes, step, index) => vector, got 7'),
    ],
    [
      () => estimateSharpness(undefined as never, traceSharpness(), { rho: 0 }),
      new RangeError('estimateSharpness: expected rho to be a finite number > 0, got 0'),
    ],
  ])('refuse what is out of range: %s', (make, error) => {
    expect(make).toThrow(error);
  });

  it('refuses a schedule that leaves its range, at the step', () => {
    const problem = toyProblem();
    const optimizer = traceSam(base(), { lambda: (step) => 0.5 - step });
    optimizer.minimize(() => problem.loss(0), false, problem.variables);
    expect(() => optimizer.minimize(() => problem.loss(1), false, problem.variables)).toThrow(
      new RangeError(
        'trace-sam: expected lambda to be a finite number >= 0, got -0.5 from its schedule at step 1',
      ),
    );
    optimizer.dispose();
    problem.dispose();
  });
});
