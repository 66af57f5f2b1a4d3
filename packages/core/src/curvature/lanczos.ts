import * as tf from '@tensorflow/tfjs-core';
import { type Sampler, seededSampler } from '../algebra/random.js';
import { norm, type ParamVector, scale } from '../algebra/vector.js';
import { requireInteger, requirePositive } from '../declare/errors.js';
import { combine, unit } from './combine.js';
import type { LinearMap } from './hvp.js';
import { type SymmetricEigen, symmetricEigen } from './jacobi.js';
import { BREAKDOWN, orthogonalise } from './krylov.js';

/** Options of `lanczos`. */
export interface LanczosOptions {
  /** Eigenpairs of largest absolute value that must converge, and whose vectors are returned, >= 1. Default 1. */
  readonly count?: number | undefined;
  /** Most steps, an integer >= `count`. Default 50. Memory: one vector of the weights' size per step. */
  readonly iterations?: number | undefined;
  /**
   * Converged when every wanted pair's residual ‖A v − λ v‖ is below this fraction of the largest |λ|, > 0. Default
   * 1e-3: differenced Hessian-vector products are good to some 1e-3, extreme eigenvalues to better. A tolerance below the noise never converges.
   */
  readonly tolerance?: number | undefined;
  /** Seed of the start vector, an integer. Default 0. */
  readonly seed?: number | undefined;
  /** Draws the start vector in place of the seed; its length does not matter. */
  readonly sampler?: Sampler | undefined;
}

/** What Lanczos's method found. */
export interface LanczosResult {
  /** All Ritz values, one per iteration, largest absolute value first; the first `count` are the wanted ones. */
  readonly values: number[];
  /** Unit Ritz vectors of the first `count` values. The caller disposes them. */
  readonly vectors: ParamVector[];
  /** ‖A v − λ v‖ of the first `count` pairs, in units of the eigenvalues. */
  readonly residuals: number[];
  /**
   * Squared first components of all eigenvectors of the tridiagonal matrix: the weights of stochastic Lanczos
   * quadrature. They sum to one.
   */
  readonly weights: number[];
  /** Steps taken: applications of the map. */
  readonly iterations: number;
  /** Whether the wanted pairs met the tolerance. */
  readonly converged: boolean;
}

/**
 * The extreme eigenpairs of a symmetric map by Lanczos's method with full reorthogonalisation.
 *
 * A measure: it reads two numbers back per step, so it is not for use within a training step (`hessianLowRankMetric` does
 * that). Cost: one application per step, for a Hessian two gradients.
 *
 * @param apply - The map: `hessian(oracle)`.
 * @param shapes - Shapes of the map's vectors.
 * @returns Values and vectors; stops early when converged, or when the Krylov space is exhausted (converged then, too).
 * @throws RangeError when an option is out of its range.
 * @see Ghorbani et al. 2019, "An Investigation into Neural Net Optimization via Hessian Eigenvalue Density",
 *   appendix. https://arxiv.org/abs/1901.10159
 * @example
 * const { values, converged } = await lanczos(hessian(oracle), shapes, { count: 3 });
 */
export async function lanczos(
  apply: LinearMap,
  shapes: readonly number[][],
  { count = 1, iterations = 50, tolerance = 1e-3, seed = 0, sampler }: LanczosOptions = {},
): Promise<LanczosResult> {
  requireInteger('lanczos', 'count', count, 1);
  requireInteger('lanczos', 'iterations', iterations, count);
  requirePositive('lanczos', 'tolerance', tolerance);
  const draw = sampler ?? seededSampler('gaussian', seed);
  const basis = [alone(() => unit(draw(shapes, 0, 0)))];
  const diagonal: number[] = [];
  const between: number[] = [];
  try {
    for (;;) {
      const { alpha, beta, next } = await extend(apply, basis);
      diagonal.push(alpha);
      between.push(beta);
      const found = ritz(diagonal, between, count, tolerance);
      if (found.converged || beta === 0 || diagonal.length === iterations) {
        tf.dispose(next);
        return { ...found, vectors: ritzVectors(found.coefficients, basis, count) };
      }
      basis.push(next);
    }
  } finally {
    tf.dispose(basis);
  }
}

/** One step: the tridiagonal matrix's next entries and the next basis vector. `beta` is 0 when there is none. */
async function extend(apply: LinearMap, basis: readonly ParamVector[]) {
  const { numbers, next } = tf.tidy(() => {
    const image = apply(basis.at(-1)!);
    const { coefficients, rest } = orthogonalise(basis, image);
    const alpha = tf.squeeze(tf.slice(coefficients, [basis.length - 1], [1]), [0]);
    const [whole, left] = [norm(image), norm(rest)];
    return { numbers: tf.stack([alpha, left, whole]), next: scale(tf.divNoNan(1, left), rest) };
  });
  const [alpha, left, whole] = await numbers.data();
  numbers.dispose();
  return { alpha: alpha!, beta: left! > BREAKDOWN * whole! ? left! : 0, next };
}

/** Ritz values, residuals and quadrature weights of the tridiagonal matrix. */
function ritz(diagonal: readonly number[], between: readonly number[], count: number, tolerance: number) {
  const k = diagonal.length;
  const matrix = diagonal.map((alpha, i) =>
    diagonal.map((_, j) => (i === j ? alpha : Math.abs(i - j) === 1 ? between[Math.min(i, j)]! : 0)),
  );
  const { values, vectors: coefficients }: SymmetricEigen = symmetricEigen(matrix);
  const residuals = coefficients.slice(0, count).map((y) => Math.abs(between[k - 1]! * y[k - 1]!));
  const exhausted = between[k - 1] === 0;
  const small = residuals.every((residual) => residual <= tolerance * Math.abs(values[0]!));
  return {
    values,
    coefficients,
    residuals,
    weights: coefficients.map((y) => y[0]! ** 2),
    iterations: k,
    converged: exhausted || (k >= count && small),
  };
}

function ritzVectors(coefficients: number[][], basis: readonly ParamVector[], count: number): ParamVector[] {
  return coefficients.slice(0, count).map((y) => alone(() => combine(tf.tensor1d(y), basis)));
}

/** Runs `f` in a scope of its own, so that only its result is left. */
function alone(f: () => ParamVector): ParamVector {
  return tf.tidy(f);
}
