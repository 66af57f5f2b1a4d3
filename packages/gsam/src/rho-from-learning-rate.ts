import {
  type ConfigOf,
  type ConfiguredSchedule,
  definePart,
  number,
  type OptionsOf,
  type PartFunction,
  schedule,
  valueAt,
} from '@tfjs-sam/core';

const options = {
  rhoMax: number({ min: 0, unit: 'weight units', doc: 'Radius at the highest learning rate' }),
  rhoMin: number({ min: 0, unit: 'weight units', doc: 'Radius at the lowest learning rate' }),
  learningRate: schedule({ doc: "The learning rate's schedule: the one that the base optimizer follows" }),
  maxLearningRate: number({
    min: 0,
    optional: "the schedule's value at step 0",
    doc: 'Highest learning rate',
  }),
  minLearningRate: number({ min: 0, default: 0, doc: 'Lowest learning rate, below the highest' }),
};

/** Options of `rhoFromLearningRate`. */
export interface RhoFromLearningRateOptions extends OptionsOf<typeof options> {}

declare module '@tfjs-sam/core' {
  interface ScheduleConfigs {
    'rho-from-learning-rate': ConfigOf<typeof options>;
  }
}

/**
 * A schedule of the radius that follows the learning rate, as GSAM's does: late in training, where steps are small,
 * the surrogate gap stays as small a share of the loss as it was early.
 *
 *   ρ(t) = ρ_min + (ρ_max − ρ_min) (lr(t) − lr_min) / (lr_max − lr_min)
 *
 * A learning rate outside its two bounds continues the line; the step at which the radius would fall below 0 throws.
 *
 * @throws RangeError when a number is negative or not finite or the bounds are not in order; TypeError when
 *   `learningRate` is neither number nor function.
 * @see Zhuang et al. 2022, "Surrogate Gap Minimization Improves Sharpness-Aware Training", algorithm 1.
 *   https://arxiv.org/abs/2203.08065
 * @example
 * const learningRate = cosineDecay(0.1, 0, 5_000);
 * gsam(sgd({ learningRate }), { rho: rhoFromLearningRate({ rhoMax: 0.1, rhoMin: 0.02, learningRate }) });
 */
export const rhoFromLearningRate: PartFunction<RhoFromLearningRateOptions, ConfiguredSchedule, 'schedule'> =
  definePart({
    kind: 'schedule',
    name: 'rho-from-learning-rate',
    owner: 'rhoFromLearningRate',
    doc: 'A radius that follows the learning rate',
    source: 'Zhuang et al. 2022, arXiv 2203.08065',
    options,
    create: ({
      rhoMax,
      rhoMin,
      learningRate,
      minLearningRate,
      maxLearningRate = valueAt(learningRate, 0),
    }) => {
      if (maxLearningRate <= minLearningRate) {
        throw new RangeError(
          `rhoFromLearningRate: expected maxLearningRate to be above minLearningRate, got ${maxLearningRate} and ${minLearningRate}`,
        );
      }
      const slope = (rhoMax - rhoMin) / (maxLearningRate - minLearningRate);
      return (step: number) => rhoMin + slope * (valueAt(learningRate, step) - minLearningRate);
    },
  });
