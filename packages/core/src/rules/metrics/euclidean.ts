import { definePart, type PartFunction } from '../../declare/part.js';
import type { InnerProduct, PerturbationMetric } from '../metric.js';

const identity: InnerProduct = {
  apply: (v) => v,
  solve: (g) => g,
  rankOneCoefficient: () => 0,
};

declare module '../../kinds.js' {
  interface MetricConfigs {
    euclidean: object;
  }
}

/**
 * The Euclidean metric, G = I: the ball of plain SAM.
 *
 *   δ = ρ g / ‖g‖
 *
 * @see Foret et al. 2021, "Sharpness-Aware Minimization", equation 2. https://arxiv.org/abs/2010.01412
 */
export const euclideanMetric: PartFunction<object, PerturbationMetric, 'metric'> = definePart({
  kind: 'metric',
  name: 'euclidean',
  owner: 'euclideanMetric',
  doc: 'G = I: the ball of plain SAM',
  use: 'By default: one radius for all weights, nothing to tune',
  source: 'Foret et al. 2021, arXiv 2010.01412',
  options: {},
  create: () => ({ name: 'euclidean', at: () => identity }),
});
