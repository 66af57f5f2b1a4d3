import * as tf from '@tensorflow/tfjs';
import {
  type ConfigOf,
  definePart,
  map,
  number,
  type OptionsOf,
  type PartFunction,
  type PerturbationMetric,
} from '@tfjs-sam/core';

const rms = (tensor: tf.Tensor) => tf.sqrt(tf.mean(tf.square(tensor)));

const options = {
  eta: number({
    above: 0,
    default: 0.01,
    unit: 'weight units',
    doc: 'Added to the root mean square of a layer',
  }),
};

/** Options of `layerwiseMetric`. */
export interface LayerwiseMetricOptions extends OptionsOf<typeof options> {}

declare module '@tfjs-sam/core' {
  interface MetricConfigs {
    layerwise: ConfigOf<typeof options>;
  }
}

/**
 * A ball that stretches with each layer: G = T⁻², T = rms(θₖ) + η for every entry of variable k. Rescaling a whole
 * layer rescales its share of the ball; the elementwise metric does so for single weights.
 */
export const layerwiseMetric: PartFunction<LayerwiseMetricOptions, PerturbationMetric, 'metric'> = definePart(
  {
    kind: 'metric',
    name: 'layerwise',
    owner: 'layerwiseMetric',
    doc: 'G = diag(rms(θₖ) + η)⁻²: a ball that stretches with each layer',
    options,
    create: ({ eta }) => ({
      name: 'layerwise',
      at: (_gradient, { variables }) => {
        const squaredT = variables.map((variable) => tf.square(tf.add(rms(variable), eta)));
        return {
          apply: (v) => map(v, (tensor, i) => tf.div(tensor, squaredT[i]!)),
          solve: (g) => map(g, (tensor, i) => tf.mul(tensor, squaredT[i]!)),
        };
      },
    }),
  },
);
