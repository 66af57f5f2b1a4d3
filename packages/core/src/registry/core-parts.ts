import * as core from '../index.js';
import { type Plugin, pluginOf, pluginsOf } from './plugin.js';

/** Parts that tables show first, in this order; what else core exports follows by its name. */
const first: readonly string[] = [
  ...[core.sharpnessAware, core.ruleVariant],
  ...[core.euclideanMetric, core.elementwiseMetric, core.mongeMetric, core.fisherMetric],
  ...[core.hessianDiagonalMetric, core.hessianLowRankMetric, core.pNormAscent],
  core.chainFilters,
  ...[core.sgd, core.adamw, core.lion, core.muon],
  ...[core.withWeightDecay, core.clipByGlobalNorm, core.clipByValue, core.withLearningRate],
  ...[core.exponentialMovingAverage, core.latestWeightAverage, core.stochasticWeightAverage],
  ...core.tfjsOptimizers,
  ...[core.constant, core.linearDecay, core.cosineDecay, core.stepDecay, core.warmupCosine, core.oneCycle],
].map(({ part }) => part.name);

const place = ({ name }: Plugin) => (first.includes(name) ? first.indexOf(name) : first.length);

/** Core's own parts: metrics, filters, schedules, base optimizers and the general variants. */
export const corePlugins: readonly Plugin[] = [
  ...pluginsOf(core, '@tfjs-sam/core'),
  ...core.tfjsOptimizers.map(({ part }) => pluginOf(part, '@tfjs-sam/core')),
].sort((one, other) => place(one) - place(other));
