import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Eigenvalues, largest absolute value first, and their eigenvectors, one per entry. */
export interface SymmetricEigen {
  /** Eigenvalues, in the order of the vectors. */
  readonly values: number[];
  /** One unit eigenvector per value. */
  readonly vectors: number[][];
}

/**
 * Eigenvalues and eigenvectors of a small symmetric matrix, in float64 on the host.
 *
 * @param matrix - Rows of a symmetric matrix; left as it is. Cost: some 10 k³ operations.
 */
export function symmetricEigen(matrix: readonly (readonly number[])[]): SymmetricEigen {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    new Matrix(matrix.map((row) => [...row])),
    { assumeSymmetric: true },
  );
  const order = realEigenvalues
    .map((_, i) => i)
    .sort((i, j) => Math.abs(realEigenvalues[j]!) - Math.abs(realEigenvalues[i]!));
  return {
    values: order.map((i) => realEigenvalues[i]!),
    vectors: order.map((i) => eigenvectorMatrix.getColumn(i)),
  };
}
