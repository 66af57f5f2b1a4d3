import * as tf from '@tensorflow/tfjs-core';
import { runFusedWhole } from './fused.js';
import type { ParamVector } from './param-vector.js';
import { reduceRuns, spread } from './runs.js';

export type { ParamVector } from './param-vector.js';

/** Gives a Scalar for a number, and a Scalar back as it is. */
export function toScalar(value: number | tf.Tensor): tf.Scalar {
  return typeof value === 'number' ? tf.scalar(value) : (value as tf.Scalar);
}

/** Applies `f` to every tensor. The caller disposes the result. */
export function map(
  x: readonly tf.Tensor[],
  f: (tensor: tf.Tensor, index: number) => tf.Tensor,
): ParamVector {
  return x.map((tensor, index) => tf.tidy(() => f(tensor, index)));
}

/** Applies `f` to every pair of tensors. @throws RangeError when the lengths differ. */
export function zip(
  x: readonly tf.Tensor[],
  y: readonly tf.Tensor[],
  f: (a: tf.Tensor, b: tf.Tensor, index: number) => tf.Tensor,
): ParamVector {
  if (x.length !== y.length) {
    throw new RangeError(
      `vector: expected two vectors of one length, got ${x.length} and ${y.length} tensors`,
    );
  }
  return x.map((tensor, index) => tf.tidy(() => f(tensor, y[index]!, index)));
}

/** x + y. */
export function add(x: readonly tf.Tensor[], y: readonly tf.Tensor[]): ParamVector {
  if (x.length === 0 && y.length === 0) return [];
  return tf.tidy(
    () => runFusedWhole('SamAxpy', { c: tf.scalar(1), x, y }) ?? zip(x, y, (a, b) => tf.add(a, b)),
  );
}

/** x − y. */
export function sub(x: readonly tf.Tensor[], y: readonly tf.Tensor[]): ParamVector {
  return zip(x, y, (a, b) => tf.sub(a, b));
}

/** Multiplies each variable's tensor by its factor. */
export function scaleEach(factors: readonly number[], x: ParamVector): ParamVector {
  return x.map((tensor, i) => (factors[i] === 1 ? tensor : tf.mul(tensor, factors[i]!)));
}

/** x ⊙ y, elementwise. */
export function mul(x: readonly tf.Tensor[], y: readonly tf.Tensor[]): ParamVector {
  return zip(x, y, (a, b) => tf.mul(a, b));
}

/** The zero vector of x's shapes. */
export function zerosLike(x: readonly tf.Tensor[]): ParamVector {
  return x.map((tensor) => tf.zerosLike(tensor));
}

/** c · x. */
export function scale(c: number | tf.Tensor, x: readonly tf.Tensor[]): ParamVector {
  return tf.tidy(() => {
    const factor = toScalar(c);
    return x.map((tensor) => tf.mul(spread(factor, tensor), tensor));
  });
}

/** c · x with every entry that is not finite set to zero: a perturbation is never NaN or infinite. */
export function scaleFinite(c: number | tf.Tensor, x: readonly tf.Tensor[]): ParamVector {
  return tf.tidy(() => {
    const factor = toScalar(c);
    const fused = runFusedWhole('SamScale', { c: factor, x }, { sanitize: true });
    if (fused) return fused;
    return x.map((tensor) => {
      const scaled = tf.mul(spread(factor, tensor), tensor);
      return tf.where(tf.isFinite(scaled), scaled, tf.zerosLike(scaled));
    });
  });
}

/**
 * c · x + y.
 *
 * @param donate - Lets the backend write the result into x, which nobody may read afterwards. Default false.
 */
export function axpy(
  c: number | tf.Tensor,
  x: readonly tf.Tensor[],
  y: readonly tf.Tensor[],
  donate = false,
): ParamVector {
  if (typeof c === 'number') return tf.tidy(() => axpy(tf.scalar(c), x, y, donate));
  return (
    runFusedWhole('SamAxpy', { c, x, y }, { donate }) ??
    zip(x, y, (a, b) => tf.add(tf.mul(spread(c, a), a), b))
  );
}

/** x where the bool Scalar `ok` is true, else y, as a whole: decided on the device. */
export function choose(ok: tf.Tensor, x: readonly tf.Tensor[], y: readonly tf.Tensor[]): ParamVector {
  return tf.tidy(() => {
    const fused = runFusedWhole('SamChoose', { c: tf.cast(ok, 'float32'), x, y });
    return fused ?? zip(x, y, (a, b) => tf.where(spread(ok, a), a, b));
  });
}

/** ⟨x, y⟩ over all variables together. @returns Scalar, or one per run. The caller disposes it. */
export function dot(x: readonly tf.Tensor[], y: readonly tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => {
    const fused = runFusedWhole('SamDot', { x, y });
    if (fused) return fused[0] as tf.Scalar;
    return tf.addN(zip(x, y, (a, b) => reduceRuns(tf.sum, tf.mul(a, b)))) as tf.Scalar;
  });
}

/**
 * ‖x‖, the Euclidean norm over all variables together, without overflow or underflow of the squares.
 *
 *   ‖x‖ = m √Σ (xᵢ/m)²,  m = max |xᵢ|
 *
 * @returns Scalar, or one per run; not finite only if an entry of x is not. The caller disposes it.
 */
export function norm(x: readonly tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => {
    const fused = runFusedWhole('SamNorm', { x });
    if (fused) return fused[0] as tf.Scalar;
    const largest = maxAbs(x);
    // A zero vector is divided by one instead of zero.
    const unit = tf.add(largest, tf.cast(tf.equal(largest, 0), 'float32'));
    const squares = x.map((tensor) => reduceRuns(tf.sum, tf.square(tf.div(tensor, spread(unit, tensor)))));
    return tf.mul(unit, tf.sqrt(tf.addN(squares))) as tf.Scalar;
  });
}

/** √(1 + x²) for x >= 0, elementwise, without overflow of the square. */
export function hypotOne<T extends tf.Tensor>(x: T): T {
  const largest = tf.maximum(x, 1);
  return tf.mul(largest, tf.sqrt(tf.add(tf.square(tf.div(1, largest)), tf.square(tf.div(x, largest))))) as T;
}

/** max |xᵢ| over all variables together; NaN if an entry is. @returns Scalar. */
export function maxAbs(x: readonly tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => {
    const each = x.filter((tensor) => tensor.size > 0).map((tensor) => reduceRuns(tf.max, tf.abs(tensor)));
    return (each.length === 0 ? tf.scalar(0) : tf.max(tf.stack(each), 0)) as tf.Scalar;
  });
}
