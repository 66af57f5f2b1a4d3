import {
  clipByGlobalNorm,
  clipByValue,
  exponentialMovingAverage,
  latestWeightAverage,
  oneCycle,
  stochasticWeightAverage,
  warmupCosine,
  withLearningRate,
  withWeightDecay,
} from '@tfjs-sam/core';
import type { WrapperSuite } from './wrapper-suite.js';

/** Every wrapper of core, and several of them at once. */
export const wrappers: readonly WrapperSuite[] = [
  { name: 'withWeightDecay', wrap: (base) => withWeightDecay(base, { weightDecay: 0.1 }) },
  {
    name: 'withLearningRate',
    wrap: (base) =>
      withLearningRate(base, warmupCosine({ peak: 0.05, warmupSteps: 3, steps: 20, from: 0.01 })),
  },
  { name: 'clipByGlobalNorm', wrap: (base) => clipByGlobalNorm(base, 0.3) },
  { name: 'clipByValue', wrap: (base) => clipByValue(base, 0.1) },
  {
    name: 'exponentialMovingAverage',
    wrap: (base) => exponentialMovingAverage(base, { decay: 0.9 }),
  },
  {
    name: 'stochasticWeightAverage',
    wrap: (base) => stochasticWeightAverage(base, { start: 1, every: 2 }),
  },
  {
    name: 'latestWeightAverage',
    wrap: (base) => latestWeightAverage(base, { size: 2, every: 2 }),
  },
  {
    name: 'four wrappers at once',
    wrap: (base) =>
      exponentialMovingAverage(
        clipByGlobalNorm(
          withWeightDecay(withLearningRate(base, oneCycle({ peak: 0.05, steps: 12 })), { weightDecay: 0.1 }),
          0.3,
        ),
      ),
  },
];
