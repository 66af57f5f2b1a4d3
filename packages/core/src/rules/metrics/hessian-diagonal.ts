import * as tf from '@tensorflow/tfjs-core';
import { map, type ParamVector, scaleFinite } from '../../algebra/vector.js';
import { hutchinsonDiagonal, type ProbeOptions } from '../../curvature/hutchinson.js';
import { hessian } from '../../curvature/hvp.js';
import { registerFactory } from '../../declare/config.js';
import { requireInRange, requireInteger, requirePositive } from '../../declare/errors.js';
import type { Objective } from '../../oracle/objective.js';
import type { GradientOracle } from '../../oracle/oracle.js';
import type { PerturbationMetric } from '../metric.js';
import { requireSampler } from './checks.js';
import { blend, diagonalInner, newShare } from './diagonal.js';

/** Options of the metrics that are estimated by random probes and averaged over refreshes. */
export interface ProbedMetricOptions extends ProbeOptions {
  /** λ > 0, added to the diagonal, in units of the Hessian's entries. Default 1 (ours): flat directions as in SAM. */
  readonly damping?: number | undefined;
  /** In [0, 1): decay of the moving average over refreshes. Default 0.9 (ours). */
  readonly decay?: number | undefined;
  /** Steps from one refresh to the next, an integer >= 1. Default 10 (ours). */
  readonly refreshEvery?: number | undefined;
}

/** Options of the diagonal Hessian metric. */
export interface HessianDiagonalOptions extends ProbedMetricOptions {
  /** Whose Hessian. Default 'descent'. */
  readonly objective?: Objective | undefined;
}

/** The options with defaults, checked. */
export function probedDefaults(
  owner: string,
  { damping = 1, decay = 0.9, refreshEvery = 10, probes = 1, seed = 0, sampler }: ProbedMetricOptions,
) {
  requirePositive(owner, 'damping', damping);
  requireInRange(owner, 'decay', decay, 0, 1);
  requireInteger(owner, 'refreshEvery', refreshEvery, 1);
  requireInteger(owner, 'probes', probes, 1);
  requireSampler(owner, 'sampler', sampler);
  return { damping, decay, refreshEvery, probes, seed, ...(sampler && { sampler }) };
}

/** The defaulted options as JSON. */
export function configOfProbed<T extends ReturnType<typeof probedDefaults>>(name: string, options: T) {
  const { sampler, ...rest } = options;
  return { name, ...rest, ...(sampler && { sampler: { name: 'custom' } }) };
}

/** Whether an estimate kept under `key` is due: at every `every`-th step, and when there is none. */
export function isDue({ state, step }: GradientOracle, key: string, every: number): boolean {
  return step % every === 0 || state.get(key) === undefined;
}

/**
 * The diagonal Hessian metric, G = diag(|D|) + λI: sharp coordinates move less.
 *
 *   δ = ρ G⁻¹g/√⟨g, G⁻¹g⟩;   D: moving average of Hutchinson's estimate z ⊙ H z of the Hessian's diagonal, z random signs
 *
 * The absolute value makes a metric of it where the loss curves downwards. One probe is noisy (the off-diagonal of a row
 * enters): the average over refreshes is what quietens it. Cost: 2 · `probes` gradients and a value every
 * `refreshEvery` steps.
 *
 * @throws RangeError when an option is out of its range; TypeError when `sampler` is not a function.
 * @see Yao et al. 2021, "AdaHessian", section 3, equation 9 (the estimator; the metric is ours).
 *   https://arxiv.org/abs/2006.00719
 */
export function hessianDiagonalMetric(options: HessianDiagonalOptions = {}): PerturbationMetric {
  const own = probedDefaults('hessianDiagonalMetric', options);
  const { damping, decay, refreshEvery, ...probing } = own;
  const { objective } = options;
  const key = 'hessianDiagonal';
  const refresh = (oracle: GradientOracle): ParamVector => {
    const shapes = oracle.variables.map(({ shape }) => shape);
    const estimate = hutchinsonDiagonal(hessian(oracle, { objective }), shapes, oracle.step, probing);
    // An infinity or NaN of one step would stay in the average for good.
    const next = blend(oracle.state.get(key), scaleFinite(1, estimate), newShare(oracle, key, decay));
    oracle.state.set(key, next);
    return next;
  };
  return {
    name: 'hessian-diagonal',
    config: { ...configOfProbed('hessian-diagonal', own), ...(objective && { objective }) },
    at: (_gradient, oracle) => {
      const diagonal = isDue(oracle, key, refreshEvery) ? refresh(oracle) : oracle.state.get(key)!;
      return diagonalInner(map(diagonal, (tensor) => tf.add(tf.abs(tensor), damping)));
    },
  };
}

registerFactory('metric', 'hessian-diagonal', hessianDiagonalMetric);
