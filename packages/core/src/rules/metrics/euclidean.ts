import { registerFactory } from '../../declare/config.js';
import type { InnerProduct, PerturbationMetric } from '../metric.js';

const identity: InnerProduct = {
  apply: (v) => v,
  solve: (g) => g,
  growth: () => 0,
};

/**
 * The Euclidean metric, G = I: the ball of plain SAM.
 *
 *   δ = ρ g / ‖g‖
 *
 * @see Foret et al. 2021, "Sharpness-Aware Minimization", equation 2. https://arxiv.org/abs/2010.01412
 */
export function euclideanMetric(): PerturbationMetric {
  return { name: 'euclidean', config: { name: 'euclidean' }, at: () => identity };
}

registerFactory('metric', 'euclidean', euclideanMetric);
