import {
  type AscentDirection,
  averageDecay,
  axpy,
  type ConfigOf,
  type Configured,
  definePart,
  type GradientOracle,
  mix,
  number,
  type OptionsOf,
  type ParamVector,
  type PartFunction,
} from '@tfjs-sam/core';

/** Options of `batchNoise`. */
export const batchNoiseOptions = {
  sigma: number({
    min: 0,
    default: 1,
    unit: 'dimensionless',
    doc: 'Share σ of the average gradient that is taken away; 0 is plain SAM',
  }),
  lambda: averageDecay({ default: 0.9, of: 'average gradient, λ' }),
};

/** Options of `batchNoise`. */
export interface BatchNoiseOptions extends OptionsOf<typeof batchNoiseOptions> {}

declare module '@tfjs-sam/core' {
  interface AscentConfigs {
    'batch-noise': ConfigOf<typeof batchNoiseOptions>;
  }
}

/** m, the moving average of the gradients. */
const AVERAGE = 'batch-noise-average';

/**
 * A batch's gradient without the part that all batches share: a direction to climb along.
 *
 *   d = g − σ m,   then m ← λ m + (1 − λ) g;   the first step: d = m = g
 *
 * m stands for the full gradient, along which climbing gains nothing for generalisation. A gradient that never changes
 * leaves nothing to climb, exactly 0 at σ = 1. Memory: one vector of the weights' size. Each micro-batch of
 * `minimizeOver` with perturbations of their own moves the average on.
 *
 * @throws RangeError when `sigma` is negative or not finite, or `lambda` outside [0, 1).
 * @see Li et al. 2024, "Friendly Sharpness-Aware Minimization". https://arxiv.org/abs/2403.12350
 */
export const batchNoise: PartFunction<BatchNoiseOptions, AscentDirection & Configured, 'ascent'> = definePart(
  {
    kind: 'ascent',
    name: 'batch-noise',
    owner: 'batchNoise',
    doc: 'The batch gradient without its moving average',
    source: 'Li et al. 2024, arXiv 2403.12350',
    options: batchNoiseOptions,
    create: ({ sigma, lambda }) => {
      return (gradient: ParamVector, { state }: GradientOracle): ParamVector => {
        const average = state.get(AVERAGE);
        if (average === undefined) {
          state.set(AVERAGE, gradient);
          return gradient;
        }
        const former = state.recall(AVERAGE, () => gradient);
        // m + (1 − λ)(g − m) keeps an average that equals the gradient as it is.
        state.set(AVERAGE, mix(1 - lambda, gradient, former));
        return axpy(-sigma, average, gradient);
      };
    },
  },
);
