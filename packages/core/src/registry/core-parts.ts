import { constant } from '../declare/schedules/constant.js';
import { cosineDecay } from '../declare/schedules/cosine.js';
import { linearDecay } from '../declare/schedules/linear.js';
import { oneCycle } from '../declare/schedules/one-cycle.js';
import { stepDecay } from '../declare/schedules/step.js';
import { warmupCosine } from '../declare/schedules/warmup-cosine.js';
import { ruleVariant, sharpnessAware } from '../driver/sharpness-aware.js';
import { adamw } from '../optimizers/adamw.js';
import {
  exponentialMovingAverage,
  latestWeightAverage,
  stochasticWeightAverage,
} from '../optimizers/averaging.js';
import { clipByGlobalNorm, clipByValue } from '../optimizers/clipping.js';
import { lion } from '../optimizers/lion.js';
import { muon } from '../optimizers/muon.js';
import { withLearningRate } from '../optimizers/scheduled.js';
import { sgd } from '../optimizers/sgd.js';
import { tfjsOptimizers } from '../optimizers/tfjs-parts.js';
import { withWeightDecay } from '../optimizers/weight-decay.js';
import { chainFilters } from '../rules/filters/chain.js';
import { elementwiseMetric } from '../rules/metrics/elementwise.js';
import { euclideanMetric } from '../rules/metrics/euclidean.js';
import { fisherMetric } from '../rules/metrics/fisher.js';
import { hessianDiagonalMetric } from '../rules/metrics/hessian-diagonal.js';
import { hessianLowRankMetric } from '../rules/metrics/hessian-low-rank.js';
import { mongeMetric } from '../rules/metrics/monge.js';
import { pNormAscent } from '../rules/metrics/p-norm.js';
import { type Plugin, pluginOf } from './plugin.js';

// Listed, not read off core's exports: whoever bundles the registry would bundle all of core. A test names what is missing.
const functions = [
  ...[sharpnessAware, ruleVariant],
  ...[euclideanMetric, elementwiseMetric, mongeMetric, fisherMetric],
  // Not the Gauss–Newton metric: it needs a function, which JSON cannot hold.
  ...[hessianDiagonalMetric, hessianLowRankMetric, pNormAscent],
  chainFilters,
  ...[sgd, adamw, lion, muon],
  ...[withWeightDecay, clipByGlobalNorm, clipByValue, withLearningRate],
  ...[exponentialMovingAverage, latestWeightAverage, stochasticWeightAverage],
  ...tfjsOptimizers,
  ...[constant, linearDecay, cosineDecay, stepDecay, warmupCosine, oneCycle],
];

/** Core's own parts: metrics, filters, schedules, base optimizers and the general variants. */
export const corePlugins: readonly Plugin[] = functions.map(({ part }) => pluginOf(part, '@tfjs-sam/core'));
