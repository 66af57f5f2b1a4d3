import * as tf from '@tensorflow/tfjs-core';
import { runsAtHand } from './runs.js';

/** Coefficients of the quintic x ↦ a x + b x³ + c x⁵ that lifts small singular values fastest (Jordan et al. 2024). */
const QUINTIC = [3.4445, -4.775, 2.0315] as const;
/** x ↦ (3 x − x³)/2, which converges to 1 quadratically. */
const CUBIC = [1.5, -0.5] as const;

/** Iterations that polish. */
const POLISH = 4;

/**
 * The polar factor U Vᵀ of a tensor U S Vᵀ of Euclidean norm 1 as a matrix [·, last axis] (of independent runs each its own), by Newton–Schulz iterations. The
 * quintic alone leaves singular values between 0.7 and 1.2, which is what Muon takes.
 *
 * @param unit - Norm at most 1; zero gives zero.
 * @param iterations - How many in all.
 * @param polish - Whether the last four converge to 1. Default false.
 */
export function newtonSchulz(unit: tf.Tensor, iterations: number, polish = false): tf.Tensor {
  if (unit.size === 0) return tf.clone(unit);
  return tf.tidy(() => {
    const columns = unit.shape.at(-1)!;
    const count = runsAtHand()?.count ?? 1;
    const rows = unit.size / count / columns;
    const matrices = tf.reshape(unit, [count, rows, columns]);
    // The smaller Gram matrix is the cheaper one.
    const wide = rows < columns;
    let x = wide ? matrices : tf.transpose(matrices, [0, 2, 1]);
    for (let i = 0; i < iterations; i++) {
      const [a, b, c = 0] = polish && i >= iterations - POLISH ? CUBIC : QUINTIC;
      const gram = tf.matMul(x, x, false, true);
      const inner = c === 0 ? tf.mul(gram, b) : tf.add(tf.mul(gram, b), tf.mul(tf.matMul(gram, gram), c));
      x = tf.add(tf.mul(x, a), tf.matMul(inner, x));
    }
    return tf.reshape(wide ? x : tf.transpose(x, [0, 2, 1]), unit.shape);
  });
}
