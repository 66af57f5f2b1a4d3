import * as tf from '@tensorflow/tfjs-core';
import {
  type AscentStep,
  type ConfigOf,
  definePart,
  integer,
  map,
  newtonSchulz,
  norm,
  type OptionsOf,
  type PartFunction,
  scaleFinite,
  shapeOfRun,
} from '@tfjs-sam/core';

/** The options of `polarAscent`. */
export const polarOptions = {
  iterations: integer({
    min: 1,
    default: 10,
    doc: 'Newton–Schulz iterations, the last four of which polish; fewer leave small singular values behind',
  }),
};

/** Options of `polarAscent`. */
export interface PolarAscentOptions extends OptionsOf<typeof polarOptions> {}

declare module '@tfjs-sam/core' {
  interface MetricConfigs {
    polar: ConfigOf<typeof polarOptions>;
  }
}

/**
 * The ascent step in a ball of the spectral norm, kernel by kernel: all singular values of the step are alike. Goes where a
 * metric goes.
 *
 *   δ = ρ U Vᵀ,   g = U S Vᵀ, of tensors with two or more axes as matrices [·, outputs];   δ = ρ g / ‖g‖ of vectors
 *
 * Zero where the gradient is zero or not finite. Cost: three matrix products per iteration.
 *
 * @throws RangeError when `iterations` is no integer >= 1.
 * @see SAGE, https://arxiv.org/abs/2605.07914, by its abstract; Björck and Bowie 1971 for the iteration.
 */
export const polarAscent: PartFunction<PolarAscentOptions, AscentStep, 'metric'> = definePart({
  kind: 'metric',
  name: 'polar',
  owner: 'polarAscent',
  doc: 'An ascent step whose singular values are all alike',
  use: 'For matrices that Muon trains: all singular values of the step are alike',
  source: 'arXiv 2605.07914',
  options: polarOptions,
  create: ({ iterations }): AscentStep => ({
    name: 'polar',
    step: (gradient, rho) =>
      map(gradient, (tensor) => {
        const unit = scaleFinite(tf.divNoNan(1, norm([tensor])), [tensor])[0]!;
        return tf.mul(rho, shapeOfRun(tensor).length < 2 ? unit : newtonSchulz(unit, iterations, true));
      }),
  }),
});
