import * as tf from '@tensorflow/tfjs-core';
import {
  type ConfigOf,
  definePart,
  map,
  matcher,
  norm,
  number,
  type OptionsOf,
  type PartFunction,
  type PerturbationMetric,
  shapeOfRun,
  someVariables,
  spread,
} from '@tfjs-sam/core';

/** The options of metrics that scale some of the variables. */
export const scaledOptions = {
  eta: number({ min: 0, default: 0.01, unit: 'weight units', doc: 'η, added to the size of the weights' }),
  scaled: someVariables(
    'The variables that are scaled, the others having T = 1',
    'those of two or more axes, and batch normalisation’s γ',
  ),
};

/** Options of `layerwiseMetric`. */
export interface LayerwiseMetricOptions extends OptionsOf<typeof scaledOptions> {}

declare module '@tfjs-sam/core' {
  interface MetricConfigs {
    'variable-size': ConfigOf<typeof scaledOptions>;
  }
}

/** Kernels, and the scales of normalisation layers. */
export const isScaled = (variable: tf.Variable) =>
  shapeOfRun(variable).length > 1 || /(^|[/_])gamma(_\d+)?$/.test(variable.name);

/**
 * The metric of layer-wise adaptive SAM: every variable has one scale, its own size.
 *
 *   G = T⁻²,   T = ‖θ_variable‖ + η where it is scaled, else 1
 *
 * @throws RangeError when `eta` is negative or not finite.
 * @see Müller et al. 2023, "Normalization Layers Are All That Sharpness-Aware Minimization Needs".
 *   https://arxiv.org/abs/2306.04226
 */
export const layerwiseMetric: PartFunction<LayerwiseMetricOptions, PerturbationMetric, 'metric'> = definePart(
  {
    kind: 'metric',
    name: 'variable-size',
    owner: 'layerwiseMetric',
    doc: 'Every variable is measured by its own size',
    use: 'Where layers differ in scale: one scale for each layer in place of one for each weight',
    source: 'Müller et al. 2023, arXiv 2306.04226',
    options: scaledOptions,
    create: ({ eta, scaled = isScaled }): PerturbationMetric => {
      const scales = matcher('layerwiseMetric: expected scaled', scaled);
      return {
        name: 'variable-size',
        at: (_gradient, { variables }) => {
          const squares = variables.map((variable) =>
            scales(variable) ? spread(tf.square(tf.add(norm([variable]), eta)), variable) : undefined,
          );
          return {
            apply: (v) =>
              map(v, (tensor, i) => (squares[i] ? tf.divNoNan(tensor, squares[i]) : tf.clone(tensor))),
            solve: (g) => map(g, (tensor, i) => (squares[i] ? tf.mul(tensor, squares[i]) : tf.clone(tensor))),
          };
        },
      };
    },
  },
);
