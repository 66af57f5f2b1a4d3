import * as tf from '@tensorflow/tfjs-core';
import { map, type PerturbationMetric, registerFactory, requirePositive } from '@tfjs-sam/core';
import { definePlugin, type Plugin } from '@tfjs-sam/core/registry';
import { z } from 'zod';

const rms = (tensor: tf.Tensor) => tf.sqrt(tf.mean(tf.square(tensor)));

/**
 * A ball that stretches with each layer: G = T⁻², T = rms(θₖ) + η for every entry of variable k. Rescaling a whole
 * layer rescales its share of the ball; the elementwise metric does so for single weights.
 */
export function layerwiseMetric({ eta = 0.01 }: { readonly eta?: number } = {}): PerturbationMetric {
  requirePositive('layerwiseMetric', 'eta', eta);
  return {
    name: 'layerwise',
    config: { name: 'layerwise', eta },
    at: (_gradient, { variables }) => {
      const squaredT = variables.map((variable) => tf.square(tf.add(rms(variable), eta)));
      return {
        apply: (v) => map(v, (tensor, i) => tf.div(tensor, squaredT[i]!)),
        solve: (g) => map(g, (tensor, i) => tf.mul(tensor, squaredT[i]!)),
      };
    },
  };
}

// A model saved with its optimizer finds the metric again.
registerFactory('metric', 'layerwise', layerwiseMetric);

const options = z.strictObject({
  eta: z.number().gt(0).default(0.01).describe('Added to the root mean square of a layer, in weight units'),
});

declare module '@tfjs-sam/core' {
  interface MetricConfigs {
    layerwise: z.input<typeof options>;
  }
}

/** What `--plugin tfjs-sam-example-custom-metric` and `pluginsOf` look for. */
export const plugins: readonly Plugin[] = [
  definePlugin({
    kind: 'metric',
    name: 'layerwise',
    package: 'tfjs-sam-example-custom-metric',
    description: 'G = diag(rms(θₖ) + η)⁻²: a ball that stretches with each layer',
    options,
    create: layerwiseMetric,
  }),
];
