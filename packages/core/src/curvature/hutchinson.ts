import * as tf from '@tensorflow/tfjs-core';
import { type Sampler, seededSampler } from '../algebra/random.js';
import { add, dot, mul, type ParamVector, scale } from '../algebra/vector.js';
import { requireInteger } from '../declare/errors.js';
import type { GradientOracle } from '../oracle/oracle.js';
import { DISAGREEMENT, judge, NOT_FINITE, type Reliability, resolveMap, unheldKinks } from './estimate.js';
import { CONCENTRATED_STEP, type LinearMap } from './hvp.js';
import { orthogonalise, unitOutside } from './krylov.js';
import { settled, TOO_FAR_APART } from './settle.js';

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
      tf.dispose(before);
    }
    return scale(1 / probes, sum!);
  });
}

/** A mean over probes. */
export interface ProbeMean extends Reliability {
  readonly value: number;
  /** The standard error, from the spread over the probes and from what two difference steps differ by; NaN for one probe. */
  readonly standardError: number;
}

/** An estimated trace. */
export interface TraceEstimate extends ProbeMean {
  /** The mean of zᵀA z over the probes, in units of the matrix's entries. */
  readonly value: number;
  /** The mean of ‖A z‖² over the same probes: the squared Frobenius norm ‖A‖²_F. */
  readonly frobeniusSquared: ProbeMean;
  /** The number of probes that were drawn. */
  readonly probes: number;
}

/** Options of `hutchinsonTrace`. */
export interface TraceOptions extends ProbeOptions {
  /**
   * Hutch++: rank of the part whose trace is exact, an integer >= 0; the probes see the rest, which matters where few
   * eigenvalues hold most of the trace. Default 0, Hutchinson's estimate. Cost: three applications for each.
   */
  readonly rank?: number | undefined;
}

/**
 * Hutchinson's estimate of a trace: the mean of zᵀA z over probes z of random signs. With `rank`, Hutch++.
 *
 *   Hutch++:  tr(QᵀA Q) + mean of z'ᵀA z',  Q an orthonormal basis of A S, S random signs,  z' = z − Q Qᵀz
 *
 * The same probes give the squared Frobenius norm. A measure: it reads numbers back, so it is not for use within a training step.
 * Cost: one application per probe, three for each of `rank`, and two that compare difference steps; two more for each of up to three
 * times that the step is quartered, where the loss bends within it.
 *
 * @param target - A map (`hessian(oracle)`, `gaussNewton(oracle, parts)`), or an oracle, for its Hessian.
 * @param shapes - Shapes of the map's vectors, for a map that does not know them; else the options may stand here.
 * @throws RangeError when an option is out of its range.
 * @see Hutchinson 1990, "A stochastic estimator of the trace of the influence matrix"; Meyer et al. 2021, "Hutch++: Optimal
 *   Stochastic Trace Estimation". https://arxiv.org/abs/2010.09649
 * @example const { value, standardError, reliable } = await hutchinsonTrace(oracle, { probes: 100 })
 */
export async function hutchinsonTrace(
  target: GradientOracle | LinearMap,
  shapes?: readonly number[][] | TraceOptions,
  options: TraceOptions = {},
): Promise<TraceEstimate> {
  const own = Array.isArray(shapes) ? options : ((shapes as TraceOptions | undefined) ?? options);
  const resolved = resolveMap('hutchinsonTrace', target, Array.isArray(shapes) ? shapes : undefined);
  const { probes = 30, rank = 0, seed = 0, sampler = seededSampler('rademacher', seed) } = own;
  requireInteger('hutchinsonTrace', 'probes', probes, 1);
  requireInteger('hutchinsonTrace', 'rank', rank, 0);
  const {
    map: apply,
    gap,
    fine,
    coarse,
  } = await settled(resolved.apply, () => sampler(resolved.shapes, 0, 0));
  const { differences } = apply;
  /** zᵀA z and ‖A z‖². */
  const both = (z: ParamVector, by: (v: ParamVector) => ParamVector) =>
    tf.tidy(() => {
      const image = by(z);
      return tf.stack([dot(z, image), dot(image, image)]);
    });
  // Directions of the range are concentrated ones.
  const step = differences && (differences.step ?? Math.min(CONCENTRATED_STEP, differences.own));
  const steps = step === undefined ? [apply, apply] : [differences!.at(step), differences!.at(2 * step)];
  const numbers = tf.tidy(() => {
    const basis = rangeOf(apply, rank, (index) => sampler(resolved.shapes, 0, probes + index));
    const exact = steps.flatMap((by) => basis.map((q) => both(q, by)));
    const probe = (index: number) => {
      const z = sampler(resolved.shapes, 0, index);
      return basis.length === 0 ? z : orthogonalise(basis, z).rest;
    };
    const each = Array.from({ length: probes }, (_, index) => tf.tidy(() => both(probe(index), apply)));
    return tf.stack([...exact, ...each]) as tf.Tensor2D;
  });
  const all = await numbers.array();
  numbers.dispose();
  const complaints = [unheldKinks(apply), probes < 2 && 'one probe has no standard error: draw more'];
  const mean = (column: 0 | 1, ends: readonly [fine: number, coarse: number]): ProbeMean => {
    const numbers = all.map((pair) => pair[column]!);
    const { value, spread, off } = sumOf(numbers, rank, ends);
    return {
      value,
      standardError: Math.hypot(spread, off),
      ...judge([
        !Number.isFinite(value) && NOT_FINITE,
        (gap > TOO_FAR_APART || off > Math.max(spread || 0, 0.02 * Math.abs(value))) && DISAGREEMENT,
        ...complaints,
      ]),
    };
  };
  return {
    ...mean(0, [fine.quadratic, coarse.quadratic]),
    frobeniusSquared: mean(1, [fine.norm ** 2, coarse.norm ** 2]),
    probes,
  };
}

/**
 * A sum over a basis, and a mean over probes that lie outside of it: tr A = tr QᵀA Q + E z'ᵀA z', ‖A‖²_F = ‖A Q‖²_F + E ‖A z'‖².
 *
 * @param numbers - Of the basis by one step, and by twice the step; then of the probes.
 * @param ends - Of a probe by one step, and by twice the step.
 */
function sumOf(numbers: readonly number[], rank: number, [fine, coarse]: readonly [number, number]) {
  const rest = numbers.slice(2 * rank);
  // Of the finer difference a third of the disagreement is left.
  const gaps = Array.from({ length: rank }, (_, k) => (numbers[k]! - numbers[rank + k]!) / 3);
  const exact = gaps.reduce((sum, gap, k) => sum + numbers[k]! + gap, 0);
  const mean = rest.reduce((sum, x) => sum + x, 0) / rest.length;
  const squares = rest.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return {
    value: exact + mean,
    spread: Math.sqrt(squares / (rest.length - 1) / rest.length),
    off: Math.hypot(
      (coarse - fine) / 3,
      gaps.reduce((sum, gap) => sum + Math.abs(gap), 0),
    ),
  };
}

/** An orthonormal basis of the map's images of random vectors; zero vectors once these bring nothing new. */
function rangeOf(apply: LinearMap, rank: number, draw: (index: number) => ParamVector): ParamVector[] {
  const basis: ParamVector[] = [];
  for (let index = 0; index < rank; index++) {
    basis.push(tf.tidy(() => unitOutside(basis, apply(draw(index)))));
  }
  return basis;
}
