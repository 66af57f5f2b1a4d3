import { elementwiseMetric } from '../../rules/metrics/elementwise.js';
import { euclideanMetric } from '../../rules/metrics/euclidean.js';
import { fisherMetric } from '../../rules/metrics/fisher.js';
import { hessianDiagonalMetric } from '../../rules/metrics/hessian-diagonal.js';
import { hessianLowRankMetric } from '../../rules/metrics/hessian-low-rank.js';
import { mongeMetric } from '../../rules/metrics/monge.js';
import { pNormAscent } from '../../rules/metrics/p-norm.js';
import { pluginOf } from '../schema.js';

const declared = [
  euclideanMetric,
  elementwiseMetric,
  mongeMetric,
  fisherMetric,
  hessianDiagonalMetric,
  hessianLowRankMetric,
  pNormAscent,
];

/**
 * Core's metrics as plugins. The Gauss–Newton metric is not among them: it needs a function, which JSON cannot hold.
 */
export const metrics = declared.map(({ part }) => pluginOf(part, '@tfjs-sam/core'));
