import * as tf from '@tensorflow/tfjs-core';
import { axpy, dot, hypotOne, norm, type ParamVector, scale } from '../../algebra/vector.js';
import type { ConfigOf } from '../../declare/option.js';
import { definePart, type PartFunction } from '../../declare/part.js';
import type { InnerProduct, PerturbationMetric } from '../metric.js';
import { averagedMonge, checkAveraging, type MongeAveraging, mongeOptions } from './monge-average.js';

/** Options of the Monge metric. Without any it is the published, instantaneous one. */
export interface MongeMetricOptions extends MongeAveraging {}

declare module '../../kinds.js' {
  interface MetricConfigs {
    monge: ConfigOf<typeof mongeOptions>;
  }
}

/**
 * The Monge metric, G = I + g gᵀ: the metric that the loss surface inherits from the space it is drawn in.
 *
 *   δ = ρ g / (‖g‖ √(1 + ‖g‖²)) = κ · SAM's,  κ = 1/√(1 + ‖g‖²)
 *
 * Steep places are perturbed less: ‖δ‖ ≤ min(ρ, ρ/‖g‖). The metric as a tensor does not depend on how the weights are
 * parametrised; with the identity taken anew in each parametrisation, as in the paper's formula, the rise
 * ⟨g, δ⟩ = ρ‖g‖/√(1 + ‖g‖²) that the step aims at is the same in two parametrisations up to a part 1/‖g‖² where both
 * gradients are long, and proportional to ‖g‖, as SAM's, where they are short.
 *
 * Two options average the outer product, which is noisy when it is that of one mini-batch at one point:
 *
 * - `iterations`: G = I + Σⱼ wⱼ g_{t−j} g_{t−j}ᵀ, wⱼ ∝ decayʲ, over the last `rank` gradients. Cost: a dot product and
 *   an update of the weights' size per gradient kept.
 * - `neighbours`: G = I + the mean of h hᵀ over θ and `samples` neighbours of θ, h = ∇L there. Cost: one gradient per
 *   sample.
 *
 * @throws RangeError when an option is out of its range; TypeError when a sampler is not a function.
 * @see Jacobsen and Arvanitidis 2025, "Monge SAM". https://arxiv.org/abs/2502.08448 (the averages answer its open
 *   questions and are ours.)
 */
export const mongeMetric: PartFunction<MongeMetricOptions, PerturbationMetric, 'metric'> = definePart({
  kind: 'metric',
  name: 'monge',
  owner: 'mongeMetric',
  doc: 'G = I + g gᵀ: the metric of the loss surface',
  use: 'Where steep places should be perturbed less: the step shrinks as the gradient grows',
  source: 'Jacobsen and Arvanitidis 2025, arXiv 2502.08448',
  options: mongeOptions,
  create: (options) => {
    checkAveraging(options);
    const plain = options.iterations === undefined && options.neighbours === undefined;
    return {
      name: 'monge',
      at: (gradient, oracle) => (plain ? mongeAt(gradient) : averagedMonge(gradient, oracle, options)),
    };
  },
});

function mongeAt(gradient: ParamVector): InnerProduct {
  return {
    apply: (v) => axpy(dot(gradient, v), gradient, v),
    solve: (v) => {
      // Along g the metric stretches by 1 + ‖g‖², across g not at all (Sherman–Morrison); for g itself exactly so.
      const length = norm(gradient);
      const stretch = hypotOne(length);
      if (v === gradient) return scale(tf.div(1, stretch), scale(tf.div(1, stretch), v));
      // 1/‖g‖, but 0 for a zero gradient, where G = I.
      const unit = scale(tf.divNoNan(1, length), gradient);
      const kept = tf.square(tf.div(1, stretch));
      return axpy(tf.mul(dot(unit, v), tf.sub(kept, 1)), unit, v);
    },
    rankOneCoefficient: (v) => (v === gradient ? 1 : undefined),
    // I + (F g)(F g)ᵀ.
    stretched: (_factors, scaled) => mongeAt(scaled),
  };
}
