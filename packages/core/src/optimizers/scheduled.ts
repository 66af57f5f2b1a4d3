import type * as tf from '@tensorflow/tfjs-core';
import { requireSchedule } from '../declare/errors.js';
import { schedule as scheduleOption } from '../declare/option.js';
import { type Declaring, declared, definePart } from '../declare/part.js';
import { nonNegativeAt, type Schedule } from '../declare/schedules/schedule.js';
import { aheadOfStep, replaceLearningRate, requireLearningRate, setLearningRate } from './learning-rate.js';
import { WrappedOptimizer } from './wrapped.js';
import { type WrapperConfig, wrappedBase } from './wrapped-base.js';

const options = { learningRate: scheduleOption({ doc: 'Learning rate of the wrapped optimizer' }) };

declare module '../kinds.js' {
  interface BaseOptimizerConfigs {
    'learning-rate': WrapperConfig<typeof options>;
  }
}

const scheduled = definePart({
  kind: 'base-optimizer',
  name: 'learning-rate',
  owner: 'withLearningRate',
  doc: 'Any optimizer, with a schedule of its learning rate',
  options: { ...options, ...wrappedBase },
  create: ({ base, learningRate }) => {
    let current = learningRate;
    const at = (step: number) => nonNegativeAt('withLearningRate', 'learningRate', current, step);
    const wrapped = new WrappedOptimizer(base, {
      name: 'learning-rate',
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
  },
});

/**
 * Any optimizer with a schedule of the learning rate: the rate is set before each update, from the number of updates
 * so far. Setting `learningRate` replaces the schedule.
 *
 * @param schedule - `warmupCosine`, `oneCycle`, `cosineDecay`, `linearDecay`, `stepDecay`, or a function of the step.
 * @throws TypeError when `base` has no learning rate or `schedule` is neither number nor function; RangeError for a
 *   negative number, also when the schedule gives one: then at its step, before anything changes.
 * @example msam(withLearningRate(tf.train.adam(1), warmupCosine({ peak: 1e-3, warmupSteps: 500, steps: 10_000 })))
 */
export const withLearningRate: ((base: tf.Optimizer, schedule: Schedule) => WrappedOptimizer) &
  Declaring<'base-optimizer'> = declared(scheduled.part, (base: tf.Optimizer, learningRate: Schedule) =>
  scheduled({ base, learningRate }),
);
