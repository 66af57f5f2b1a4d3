import { type PerturbationMetric, scale, sgd, sharpnessAware } from '@tfjs-sam/core';

/** G = c²I: a ball of another size. */
const scaled = (c: number): PerturbationMetric => ({
  name: 'scaled',
  at: () => ({
    apply: (v) => scale(c ** 2, v),
    solve: (g) => scale(1 / c ** 2, g),
  }),
});
const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), { metric: scaled(2), rho: 0.1 });

export {};
