import * as tf from '@tensorflow/tfjs-core';
import {
  axpy,
  DISAGREEMENT,
  dot,
  judge,
  type LanczosResult,
  type LinearMap,
  NOT_FINITE,
  norm,
  type ParamVector,
  requireInteger,
  requirePositive,
  scale,
  seededSampler,
  unheldKinks,
} from '@tfjs-sam/core';

/** Options of `powerIteration`. */
export interface PowerOptions {
  /** Eigenpairs of largest absolute value, found one after the other, an integer >= 1. Default 1. Of fewer weights: all. */
  readonly count?: number | undefined;
  /** Most products for each pair, an integer >= 1. Default 100. */
  readonly iterations?: number | undefined;
  /** Converged when ‖A v − λ v‖ is below this fraction of the largest |λ|, > 0. Default 1e-2. */
  readonly tolerance?: number | undefined;
  /** Seed of the start vectors, an integer. Default 0. */
  readonly seed?: number | undefined;
}

/** A step for top eigenvectors: see core's `lanczos`. */
const STEP = 2 ** -11;

/** v without its parts along orthonormal vectors, at length one. */
function against(found: readonly ParamVector[], v: ParamVector): ParamVector {
  return tf.tidy(() => {
    const rest = found.reduce((sum, x) => axpy(tf.neg(dot(x, sum)), x, sum), v);
    return scale(tf.divNoNan(1, norm(rest)), rest);
  });
}

/**
 * The extreme eigenpairs by power iteration, v ← A v/‖A v‖ across the pairs that were found before: the simple way.
 *
 * It converges as slowly as eigenvalues lie close (by |λ₂/λ₁| a product) and not at all between λ and −λ, which the residual
 * then tells: `lanczos` is the better way nearly always. Cost: a product for each iteration, and one more for each pair, where
 * differences are compared.
 *
 * @returns As `lanczos`. The caller disposes the vectors.
 * @throws RangeError when an option is out of its range.
 */
export async function powerIteration(
  map: LinearMap,
  { count: asked = 1, iterations = 100, tolerance = 1e-2, seed = 0 }: PowerOptions = {},
): Promise<LanczosResult> {
  requireInteger('powerIteration', 'count', asked, 1);
  requireInteger('powerIteration', 'iterations', iterations, 1);
  requirePositive('powerIteration', 'tolerance', tolerance);
  const { differences, shapes } = map;
  if (!shapes) throw new TypeError('powerIteration: expected a map that knows its shapes, got one without');
  const count = Math.min(
    asked,
    shapes.reduce((sum, shape) => sum + tf.util.sizeFromShape(shape), 0),
  );
  const step = differences?.step ?? STEP;
  const apply = differences ? differences.at(step) : map;
  const coarser = differences?.at(2 * step);
  const draw = seededSampler('gaussian', seed);
  const vectors: ParamVector[] = [];
  const [values, residuals, gaps]: [number[], number[], number[]] = [[], [], []];
  let taken = 0;
  /** One product: ⟨v, A v⟩, ‖A v − λ v‖, and the next vector in place of the last. */
  const advance = async (k: number) => {
    const v = vectors[k]!;
    const { numbers, next } = tf.tidy(() => {
      const image = apply(v);
      const value = dot(v, image);
      const residual = norm(axpy(tf.neg(value), v, image));
      return { numbers: tf.stack([value, residual]), next: against(vectors.slice(0, k), image) };
    });
    taken++;
    const [value, residual] = (await numbers.data()) as unknown as [number, number];
    numbers.dispose();
    return { value, residual, next };
  };
  try {
    for (let k = 0; k < count; k++) {
      vectors.push(tf.tidy(() => against(vectors, draw(shapes, 0, k))));
      for (let i = 1; ; i++) {
        const { value, residual, next } = await advance(k);
        const isDone = residual <= tolerance * Math.abs(values[0] ?? value) || !Number.isFinite(residual);
        tf.dispose(isDone || i === iterations ? next : vectors[k]!);
        if (isDone || i === iterations) {
          values.push(value);
          residuals.push(residual);
          break;
        }
        vectors[k] = next;
      }
      const v = vectors[k]!;
      const other = tf.tidy(() => (coarser ? dot(v, coarser(v)) : tf.scalar(values[k]!)));
      gaps.push(Math.abs((await other.data())[0]! - values[k]!) / 3);
      other.dispose();
    }
  } catch (error) {
    tf.dispose(vectors);
    throw error;
  }
  const largest = Math.abs(values[0]!);
  const converged = residuals.every((residual) => residual <= tolerance * largest);
  const agrees = gaps.every((gap) => gap <= 0.02 * largest);
  const finite = residuals.every(Number.isFinite);
  return {
    values,
    vectors,
    residuals,
    iterations: taken,
    converged,
    ...judge([
      !finite && NOT_FINITE,
      finite &&
        !converged &&
        `a residual ‖Av − λv‖ of ${Math.max(...residuals).toPrecision(2)} is above the tolerance: use lanczos`,
      finite && !agrees && DISAGREEMENT,
      unheldKinks(map),
    ]),
  };
}
