import * as tf from '@tensorflow/tfjs-core';
import { norm, type ParamVector, scaleFinite } from '../algebra/vector.js';
import { combine, dots, unit } from './combine.js';
import type { LinearMap } from './hvp.js';

/** An orthonormal basis of a Krylov space and the map as seen in it. */
export interface Krylov {
  /** q₁ … q_m, orthonormal; zero vectors once the space is exhausted. */
  readonly basis: ParamVector[];
  /** T = QᵀAQ, [m, m], symmetric: its eigenvalues are the Ritz values. */
  readonly projected: tf.Tensor2D;
}

/** What is left of A q below this fraction of ‖A q‖ is rounding, not a new direction. */
export const BREAKDOWN = 1e-6;

/**
 * Takes the parts along `basis` out of w. Twice, because once leaves rounding of the order of what was taken out.
 *
 * @returns The coefficients taken out, [k], and the rest, in the current scope.
 */
export function orthogonalise(
  basis: readonly ParamVector[],
  w: ParamVector,
): { coefficients: tf.Tensor1D; rest: ParamVector } {
  return tf.tidy(() => {
    const first = dots(basis, w);
    const once = combine(tf.neg(first), basis, w);
    const second = dots(basis, once);
    return { coefficients: tf.add(first, second), rest: combine(tf.neg(second), basis, once) };
  });
}

/**
 * Lanczos's method with full reorthogonalisation, m steps from a start vector, without reading anything back.
 *
 * The whole projection QᵀAQ is kept rather than its three diagonals, so that the noise of differenced
 * Hessian-vector products does not accumulate. Cost: m applications of the map and 2m² vector operations.
 *
 * @param start - Any vector; its length does not matter.
 * @returns Basis and projection, in the current scope.
 * @see Ghorbani et al. 2019, "An Investigation into Neural Net Optimization via Hessian Eigenvalue Density",
 *   appendix. https://arxiv.org/abs/1901.10159
 */
export function krylov(apply: LinearMap, start: ParamVector, m: number): Krylov {
  return tf.tidy(() => {
    const basis = [unit(start)];
    const columns: tf.Tensor[][] = [];
    for (let j = 0; j < m; j++) {
      const image = apply(basis[j]!);
      const { coefficients, rest } = orthogonalise(basis, image);
      columns.push(tf.unstack(coefficients));
      if (j + 1 < m) basis.push(next(rest, image));
    }
    const entries = columns.flatMap((_, i) =>
      columns.map((_column, j) => (i <= j ? columns[j]![i]! : columns[i]![j]!)),
    );
    return { basis, projected: tf.reshape(tf.stack(entries), [m, m]) as tf.Tensor2D };
  });
}

/** The next basis vector: the rest at length one, or zero where it is nothing but rounding. */
function next(rest: ParamVector, image: ParamVector): ParamVector {
  return tf.tidy(() => {
    const [left, whole] = [norm(rest), norm(image)];
    const real = tf.cast(tf.greater(left, tf.mul(BREAKDOWN, whole)), 'float32');
    return scaleFinite(tf.divNoNan(real, left), rest);
  });
}
