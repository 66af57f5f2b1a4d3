import type * as tf from '@tensorflow/tfjs-core';
import { registerFactory } from '../declare/config.js';
import { requireSchedule } from '../declare/errors.js';
import { nonNegativeAt, type Schedule } from '../declare/schedules.js';
import { aheadOfStep, replaceLearningRate, requireLearningRate, setLearningRate } from './learning-rate.js';
import { baseOf } from './nested.js';
import { WrappedOptimizer } from './wrapped.js';

const NAME = 'learning-rate';

/**
 * Any optimizer with a schedule of the learning rate: the rate is set before each update, from the number of updates
 * so far. Setting `learningRate` replaces the schedule.
 *
 * @param schedule - `warmupCosine`, `oneCycle`, `cosineDecay`, `linearDecay`, `stepDecay`, or a function of the step.
 * @throws TypeError when `base` has no learning rate or `schedule` is neither number nor function; RangeError for a
 *   negative number, also when the schedule gives one: then at its step, before anything changes.
 * @example msam(withLearningRate(tf.train.adam(1), warmupCosine({ peak: 1e-3, warmupSteps: 500, steps: 10_000 })))
 */
export function withLearningRate(base: tf.Optimizer, schedule: Schedule): WrappedOptimizer {
  requireSchedule('withLearningRate', 'schedule', schedule);
  let current = schedule;
  const at = (step: number) => nonNegativeAt('withLearningRate', 'learningRate', current, step);
  const wrapped = new WrappedOptimizer(base, {
    name: NAME,
    owner: 'withLearningRate',
    options: () => ({ learningRate: current }),
    before: (inner, step) => setLearningRate(inner, at(step)),
    learningRate: {
      at,
      set: (rate) => {
        requireSchedule('withLearningRate', 'learningRate', rate);
        current = rate;
      },
    },
  });
  requireLearningRate('withLearningRate', base);
  aheadOfStep(() => replaceLearningRate(base, at(base.iterations)));
  return wrapped;
}

registerFactory('base-optimizer', NAME, ({ base, learningRate }) =>
  withLearningRate(baseOf(base), learningRate as Schedule),
);
