import {
  type AscentDirection,
  type ConfigOf,
  definePart,
  mix,
  number,
  type OptionsOf,
  type PartFunction,
} from '@tfjs-sam/core';

/** The options of `smoothedGradient`. */
export const smoothedGradientOptions = {
  theta: number({
    above: 0,
    max: 1,
    default: 0.4,
    doc: 'Share θ of the new gradient in the average; 1 is plain SAM (the published code’s example has 0.9)',
  }),
};

/** Options of `smoothedGradient`. */
export interface SmoothedGradientOptions extends OptionsOf<typeof smoothedGradientOptions> {}

declare module '@tfjs-sam/core' {
  interface AscentConfigs {
    'smoothed-gradient': ConfigOf<typeof smoothedGradientOptions>;
  }
}

/** d, the moving average of the gradients. */
const AVERAGE = 'smoothed-gradient';

/**
 * A moving average of the gradients, to climb along: the batches' noise turns the perturbation less.
 *
 *   d ← (1 − θ) d + θ g;   d = g in the first step
 *
 * Memory: one vector of the weights' size.
 *
 * @throws RangeError when `theta` is not in (0, 1].
 * @see Li and Giannakis 2023, "Enhancing Sharpness-Aware Optimization Through Variance Suppression".
 *   https://arxiv.org/abs/2309.15639
 */
export const smoothedGradient: PartFunction<SmoothedGradientOptions, AscentDirection, 'ascent'> = definePart({
  kind: 'ascent',
  name: 'smoothed-gradient',
  owner: 'smoothedGradient',
  doc: 'A moving average of the gradients',
  source: 'Li and Giannakis 2023, arXiv 2309.15639',
  options: smoothedGradientOptions,
  create:
    ({ theta }): AscentDirection =>
    (gradient, { state }) => {
      const average = state.recall(AVERAGE, () => gradient);
      // An average that equals the gradient stays as it is.
      const moved = average === gradient ? gradient : mix(theta, gradient, average);
      state.set(AVERAGE, moved);
      return moved;
    },
});
