import * as tf from '@tensorflow/tfjs-core';

/**
 * The inverse of a small symmetric positive definite matrix, by Gauss–Jordan elimination in tensor operations:
 * nothing is read back. Without pivoting, which positive definite matrices do not need.
 *
 * @param matrix - [k, k] with k of a dozen or so (seven operations per row), scaled to a diagonal near one.
 * @returns [k, k]. The caller disposes it.
 */
export function invertSmall(matrix: tf.Tensor2D): tf.Tensor2D {
  const [k] = matrix.shape;
  return tf.tidy(() => {
    const identity = tf.eye(k);
    let both = tf.concat([matrix, identity], 1) as tf.Tensor2D;
    for (let j = 0; j < k; j++) {
      const pivot = tf.slice(both, [j, j], [1, 1]);
      const row = tf.div(tf.slice(both, [j, 0], [1, 2 * k]), pivot);
      // Less one at the pivot itself: row j then becomes the divided row, every other loses its entry in column j.
      const column = tf.sub(tf.slice(both, [0, j], [k, 1]), tf.slice(identity, [0, j], [k, 1]));
      both = tf.sub(both, tf.mul(column, row));
    }
    return tf.slice(both, [0, k], [k, k]);
  });
}

/** The rounds of a tournament in which each of `n` (even) players meets every other once, as partner lists. */
function tournament(n: number): number[][] {
  const seats = Array.from({ length: n }, (_, i) => i);
  return Array.from({ length: n - 1 }, () => {
    const partner = new Array<number>(n);
    for (let i = 0; i < n / 2; i++) {
      const [a, b] = [seats[i]!, seats[n - 1 - i]!];
      partner[a] = b;
      partner[b] = a;
    }
    seats.splice(1, 0, seats.pop()!);
    return partner;
  });
}

/**
 * Sweeps of Jacobi's method: it converges quadratically, and 6 bring random float32 matrices up to 16 × 16 to
 * rounding. A fixed number, because looking whether it has converged would read back.
 */
const SWEEPS = 6;

/**
 * Eigenvalues and eigenvectors of a small symmetric matrix, by Jacobi rotations in tensor operations: nothing is
 * read back. Disjoint rotations of a round are applied together, as one orthogonal matrix.
 *
 * @param matrix - Symmetric, [k, k] with k of a dozen or so. Entries of any finite size.
 * @returns values [k], unordered, and orthonormal vectors [k, k] in the columns, in the current scope.
 * @see Golub and Van Loan 2013, "Matrix Computations", section 8.5.
 */
export function eigenSmall(matrix: tf.Tensor2D): { values: tf.Tensor1D; vectors: tf.Tensor2D } {
  const [k] = matrix.shape;
  const n = k + (k % 2);
  return tf.tidy(() => {
    const largest = tf.max(tf.abs(matrix));
    const scale = tf.add(largest, tf.cast(tf.equal(largest, 0), 'float32'));
    const identity = tf.eye(n);
    // An odd matrix is padded by a row and column of zeros, which no rotation touches.
    let a = tf.pad(tf.div(matrix, scale) as tf.Tensor2D, [
      [0, n - k],
      [0, n - k],
    ]) as tf.Tensor2D;
    let vectors = identity as tf.Tensor2D;
    const rounds = tournament(n).map((partner) => swap(partner));
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      for (const { partners, side } of rounds) {
        const rotation = rotate(a, partners, side, identity as tf.Tensor2D);
        a = tf.matMul(tf.matMul(rotation, a, true), rotation);
        vectors = tf.matMul(vectors, rotation);
      }
    }
    const values = tf.mul(tf.sum(tf.mul(a, identity), 1), scale);
    return {
      values: tf.slice(values as tf.Tensor1D, [0], [k]),
      vectors: tf.slice(vectors, [0, 0], [k, k]),
    };
  });
}

/** A round's permutation matrix, and +1 for the first, −1 for the second of each pair: [n, n] and [n]. */
function swap(partner: readonly number[]): { partners: tf.Tensor2D; side: tf.Tensor1D } {
  const rows = partner.map((other) => partner.map((_, j) => (j === other ? 1 : 0)));
  return { partners: tf.tensor2d(rows), side: tf.tensor1d(partner.map((other, i) => (i < other ? 1 : -1))) };
}

/** The orthogonal matrix of a round's rotations, each of which zeroes the entry that its pair shares. */
function rotate(
  a: tf.Tensor2D,
  partners: tf.Tensor2D,
  side: tf.Tensor1D,
  identity: tf.Tensor2D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const own = tf.sum(tf.mul(a, identity), 1, true) as tf.Tensor2D;
    const gap = tf.squeeze(tf.sub(tf.matMul(partners, own), own), [1]);
    const shared = tf.mul(2, tf.sum(tf.mul(a, partners), 1));
    // Not tf.sign, which is 0 below 1e-7 on the wasm backend.
    const sign = tf.where(tf.equal(gap, 0), side, tf.divNoNan(gap, tf.abs(gap)));
    const hypotenuse = tf.sqrt(tf.add(tf.square(gap), tf.square(shared)));
    // t = tan of the smaller angle that diagonalises the pair; 0 where nothing is shared.
    const t = tf.divNoNan(tf.mul(sign, shared), tf.add(tf.abs(gap), hypotenuse));
    const cosine = tf.expandDims(tf.rsqrt(tf.add(1, tf.square(t))), 1);
    const sine = tf.mul(tf.expandDims(t, 1), cosine);
    return tf.add(tf.mul(identity, cosine), tf.mul(partners, sine)) as tf.Tensor2D;
  });
}
