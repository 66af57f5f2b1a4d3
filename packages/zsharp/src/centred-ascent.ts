import * as tf from '@tensorflow/tfjs-core';
import {
  type AscentStep,
  boolean,
  type ConfigOf,
  definePart,
  map,
  norm,
  type OptionsOf,
  type PartFunction,
  scaleFinite,
  shapeOfRun,
} from '@tfjs-sam/core';

/** The options of `centredAscent`. */
export const centredOptions = {
  fullRadius: boolean({
    default: false,
    doc: 'Normalises the centred gradient, so that ‖δ‖ = ρ; else, as in the published code, the one before',
  }),
};

/** Options of `centredAscent`. */
export interface CentredAscentOptions extends OptionsOf<typeof centredOptions> {}

declare module '@tfjs-sam/core' {
  interface MetricConfigs {
    centred: ConfigOf<typeof centredOptions>;
  }
}

/**
 * An ascent step along the centred gradient: of each kernel, the mean over all axes but that of the outputs is taken away.
 * Goes where a metric goes.
 *
 *   δ = ρ c / ‖g‖ (or ρ c / ‖c‖),   c = g − mean g over all axes but the last, of tensors with two or more axes
 *
 * Zero where the gradient is zero or not finite.
 *
 * @see GCSAM, https://arxiv.org/abs/2501.11584; Yong et al. 2020, "Gradient Centralization", https://arxiv.org/abs/2004.01461
 */
export const centredAscent: PartFunction<CentredAscentOptions, AscentStep, 'metric'> = definePart({
  kind: 'metric',
  name: 'centred',
  owner: 'centredAscent',
  doc: 'An ascent step along the centred gradient',
  use: 'Where what all inputs of an output share is not worth climbing',
  source: 'arXiv 2501.11584',
  options: centredOptions,
  create: ({ fullRadius }): AscentStep => ({
    name: 'centred',
    step: (gradient, rho) =>
      tf.tidy(() => {
        const centred = map(gradient, centre);
        return scaleFinite(tf.div(rho, norm(fullRadius ? centred : gradient)), centred);
      }),
  }),
});

function centre(gradient: tf.Tensor): tf.Tensor {
  if (shapeOfRun(gradient).length < 2) return tf.clone(gradient);
  const first = gradient.rank - shapeOfRun(gradient).length;
  const axes = gradient.shape.map((_, axis) => axis).slice(first, -1);
  return tf.sub(gradient, tf.mean(gradient, axes, true));
}
