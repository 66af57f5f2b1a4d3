import * as tf from '@tensorflow/tfjs-core';
import { axpy, norm, type ParamVector, scaleFinite } from '../algebra/vector.js';
import { combine, dots, unit } from './combine.js';
import type { LinearMap } from './hvp.js';

/** An orthonormal basis of a Krylov space and the map as seen in it. */
export interface Krylov {
  /** q₁ … q_m, orthonormal; zero vectors once the space is exhausted. */
  readonly basis: ParamVector[];
  /** T = QᵀAQ, [m, m], symmetric: its eigenvalues are the Ritz values. */
  readonly projected: tf.Tensor2D;
}

/** A remainder of A q below this fraction of ‖A q‖ is rounding, not a new direction. */
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
 * The part of w outside of a basis, at length one; zero where that is nothing but rounding, as where the basis spans all.
 *
 * Rounding at length one is no direction of its own: taken out of the basis once more, little of it is left.
 */
export function unitOutside(basis: readonly ParamVector[], w: ParamVector): ParamVector {
  return tf.tidy(() => {
    if (basis.length === 0) return unit(w);
    const once = unit(orthogonalise(basis, w).rest);
    const { rest } = orthogonalise(basis, once);
    const left = norm(rest);
    return scaleFinite(tf.divNoNan(tf.cast(tf.greater(left, 0.5), 'float32'), left), rest);
  });
}

/**
 * Lanczos's method with full reorthogonalisation, m steps from a start vector, without reading anything back.
 *
 * The whole projection QᵀAQ is kept rather than its three diagonals, so that the noise of differenced Hessian-vector
 * products does not accumulate, and so that it may start from a subspace (a thick restart): from its basis first, then from
 * what A takes out of it. Cost: m applications of the map and 2m² vector operations.
 *
 * @param start - Any vector, whose length does not matter; or an orthonormal basis of up to m vectors, and behind it a vector
 *   of what may be new, mixed in at a tenth of its unit.
 * @returns Basis and projection, in the current scope.
 * @see Wu and Simon 2000, "Thick-restart Lanczos method for large symmetric eigenvalue problems"; Ghorbani et al. 2019,
 *   appendix. https://arxiv.org/abs/1901.10159
 */
export function krylov(
  apply: LinearMap,
  start: ParamVector | { readonly basis: readonly ParamVector[]; readonly fresh: ParamVector },
  m: number,
): Krylov {
  return tf.tidy(() => {
    const kept = Array.isArray(start) ? [] : start.basis.slice(0, m);
    const basis = kept.length > 0 ? [...kept] : [unit(Array.isArray(start) ? start : start.fresh)];
    const columns: tf.Tensor[][] = [];
    let images: ParamVector | undefined;
    for (let j = 0; j < m; j++) {
      const image = apply(basis[j]!);
      // At the matrix of the former step all that A takes out of the subspace is one direction: any mixture finds it.
      if (j < kept.length) images = images ? axpy(1 + j, image, images) : image;
      const { coefficients, rest } = orthogonalise(basis, image);
      columns.push(tf.unstack(coefficients));
      if (basis.length > j + 1 || j + 1 === m) continue;
      if (j + 1 === kept.length && !Array.isArray(start)) {
        const old = orthogonalise(basis, images!).rest;
        const mixed = axpy(FRESH, unit(orthogonalise(basis, unit(start.fresh)).rest), unit(old));
        basis.push(unit(orthogonalise(basis, mixed).rest));
      } else basis.push(next(rest, image));
    }
    const entries = columns.flatMap((_, i) =>
      columns.map((_column, j) => (i <= j ? columns[j]![i]! : columns[i]![j]!)),
    );
    return { basis, projected: tf.reshape(tf.stack(entries), [m, m]) as tf.Tensor2D };
  });
}

/** The share of a restart's first new vector that is drawn: what turned up since must be found. */
const FRESH = 0.1;

/** The next basis vector: the rest at length one, or zero where it is nothing but rounding. */
function next(rest: ParamVector, image: ParamVector): ParamVector {
  return tf.tidy(() => {
    const [left, whole] = [norm(rest), norm(image)];
    const real = tf.cast(tf.greater(left, tf.mul(BREAKDOWN, whole)), 'float32');
    return scaleFinite(tf.divNoNan(real, left), rest);
  });
}
