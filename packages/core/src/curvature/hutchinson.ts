import * as tf from '@tensorflow/tfjs-core';
import { type Sampler, seededSampler } from '../algebra/random.js';
import { add, dot, mul, type ParamVector, scale } from '../algebra/vector.js';
import { requireInteger } from '../declare/errors.js';
import type { LinearMap } from './hvp.js';

/** Where random probes come from. */
export interface ProbeOptions {
  /** Number of probes, an integer >= 1. */
  readonly probes?: number | undefined;
  /** Seed of the Rademacher probes, an integer. Default 0. */
  readonly seed?: number | undefined;
  /** Draws the probes in place of the seed: entries of mean 0 and variance 1, independent. */
  readonly sampler?: Sampler | undefined;
}

/**
 * Hutchinson's estimate of a matrix's diagonal: the mean of z ⊙ A z over probes z of random signs.
 *
 * Unbiased; the variance of entry i is the sum of the squares of the rest of row i, over the number of probes.
 * Nothing is read back. Cost: one application per probe.
 *
 * @param step - The first argument of the draws: the oracle's step.
 * @returns One tensor per shape, in the current scope.
 * @see Yao et al. 2021, "AdaHessian", equation 9. https://arxiv.org/abs/2006.00719
 */
export function hutchinsonDiagonal(
  apply: LinearMap,
  shapes: readonly number[][],
  step: number,
  { probes = 1, seed = 0, sampler = seededSampler('rademacher', seed) }: ProbeOptions = {},
): ParamVector {
  requireInteger('hutchinsonDiagonal', 'probes', probes, 1);
  return tf.tidy(() => {
    let sum: ParamVector | undefined;
    for (let index = 0; index < probes; index++) {
      const before = sum;
      sum = tf.tidy(() => {
        const probe = sampler(shapes, step, index);
        const product = mul(probe, apply(probe));
        return before ? add(product, before) : product;
      });
      tf.dispose(before ?? []);
    }
    return scale(1 / probes, sum!);
  });
}

/** An estimated trace. */
export interface TraceEstimate {
  /** The mean of zᵀA z over the probes, in units of the matrix's entries. */
  readonly value: number;
  /** The mean's standard error, from the spread over the probes; NaN for one probe. */
  readonly standardError: number;
  /** How many probes were drawn. */
  readonly probes: number;
}

/**
 * Hutchinson's estimate of a trace: the mean of zᵀA z over probes z of random signs.
 *
 * A measure: it reads one number per probe back at the end, so it is not for use within a training step. Cost: one
 * application per probe.
 *
 * @param shapes - Shapes of the map's vectors.
 * @throws RangeError when `probes` is not an integer >= 1.
 * @see Hutchinson 1990, "A stochastic estimator of the trace of the influence matrix".
 * @example const { value } = await hutchinsonTrace(hessian(oracle), shapes, { probes: 100 })
 */
export async function hutchinsonTrace(
  apply: LinearMap,
  shapes: readonly number[][],
  { probes = 30, seed = 0, sampler = seededSampler('rademacher', seed) }: ProbeOptions = {},
): Promise<TraceEstimate> {
  requireInteger('hutchinsonTrace', 'probes', probes, 1);
  const all = tf.tidy(() => {
    const each = Array.from({ length: probes }, (_, index) =>
      tf.tidy(() => {
        const probe = sampler(shapes, 0, index);
        return dot(probe, apply(probe));
      }),
    );
    return tf.stack(each);
  });
  const values = Array.from(await all.data());
  all.dispose();
  const value = values.reduce((sum, x) => sum + x, 0) / probes;
  const squares = values.reduce((sum, x) => sum + (x - value) ** 2, 0);
  return { value, standardError: Math.sqrt(squares / (probes - 1) / probes), probes };
}
