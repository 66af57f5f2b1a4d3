import * as tf from '@tensorflow/tfjs-core';
import { requireOneRun } from '../algebra/runs.js';
import { axpy, dot, norm, type ParamVector, scaleFinite, zerosLike } from '../algebra/vector.js';

/** x/‖x‖; zero where x is zero or not finite. */
export function unit(x: ParamVector): ParamVector {
  return tf.tidy(() => scaleFinite(tf.divNoNan(1, norm(x)), x));
}

/** ⟨xⱼ, v⟩ for every xⱼ: [k]. */
export function dots(vectors: readonly ParamVector[], v: ParamVector): tf.Tensor1D {
  requireOneRun('low-rank metrics');
  return tf.tidy(() => tf.stack(vectors.map((x) => dot(x, v)))) as tf.Tensor1D;
}

/** start + Σⱼ cⱼ xⱼ, with coefficients [k]. `start` defaults to zero. */
export function combine(
  coefficients: tf.Tensor1D,
  vectors: readonly ParamVector[],
  start?: ParamVector,
): ParamVector {
  return tf.tidy(() => {
    const each = tf.unstack(coefficients);
    const first = start ?? zerosLike(vectors[0]!);
    return vectors.reduce((sum, x, j) => axpy(each[j]!, x, sum), first);
  });
}
