import * as tf from '@tensorflow/tfjs-core';
import { runFusedWhole } from '../algebra/fused.js';
import { materialise, type Perturbation } from '../algebra/perturbation.js';
import { dot, hypotOne, norm, type ParamVector, scale, scaleFinite } from '../algebra/vector.js';
import type { InnerProduct } from './metric.js';

/**
 * The perturbation that a linear loss fears most: argmax ⟨g, δ⟩ subject to δᵀGδ ≤ ρ².
 *
 *   δ = ρ G⁻¹g / √⟨g, G⁻¹g⟩
 *
 * Zero where the gradient is zero, and zero where it holds a NaN or an infinity. Gradients of any finite size
 * are safe: no square overflows or underflows.
 *
 * @param rho - Radius ρ >= 0, in the metric's norm. A Scalar stays on the device.
 * @returns One tensor per variable. The caller disposes it.
 * @see Foret et al. 2021, "Sharpness-Aware Minimization", equation 2 (G = I). https://arxiv.org/abs/2010.01412
 */
export function ascentStep(inner: InnerProduct, gradient: ParamVector, rho: number | tf.Scalar): ParamVector {
  return tf.tidy(() => materialise(stepOf(inner, gradient, rho)));
}

/** The ascent step, not multiplied out where that saves a pass over the weights. */
export function ascentPerturbation(inner: InnerProduct, gradient: ParamVector, rho: number): Perturbation {
  return tf.tidy(() => stepOf(inner, gradient, rho) as tf.TensorContainer) as Perturbation;
}

function stepOf(inner: InnerProduct, gradient: ParamVector, rho: number | tf.Scalar): Perturbation {
  const rankOneCoefficient = inner.rankOneCoefficient?.(gradient);
  if (rankOneCoefficient !== undefined) {
    const fused = fusedScale(rho, { x: gradient }, rankOneCoefficient);
    if (fused) return { scale: fused, direction: gradient };
    return scaleFinite(composedScale(gradient, rho, rankOneCoefficient), gradient);
  }
  const raised = inner.solve(gradient);
  const fused = fusedScale(rho, { x: gradient, y: raised });
  return fused ? { scale: fused, direction: raised } : scaleFinite(dualScale(gradient, raised, rho), raised);
}

/** ρ/√⟨g, G⁻¹g⟩, from unit vectors, whose products neither overflow nor underflow. */
function dualScale(gradient: ParamVector, raised: ParamVector, rho: number | tf.Scalar): tf.Tensor {
  return tf.tidy(() => {
    const [a, b] = [norm(gradient), norm(raised)];
    const cosine = dot(scale(tf.div(1, a), gradient), scale(tf.div(1, b), raised));
    return tf.div(rho, tf.mul(tf.mul(tf.sqrt(a), tf.sqrt(b)), tf.sqrt(cosine)));
  });
}

/** `SamAscentScale` of the vectors: 0 where it is not finite; undefined where the backend has no such kernel. */
function fusedScale(
  rho: number | tf.Scalar,
  vectors: { readonly x: ParamVector; readonly y?: ParamVector },
  rankOneCoefficient = 0,
): tf.Scalar | undefined {
  if (typeof rho !== 'number') return undefined;
  return runFusedWhole('SamAscentScale', vectors, { rho, rankOneCoefficient })?.[0] as tf.Scalar | undefined;
}

function composedScale(
  gradient: ParamVector,
  rho: number | tf.Scalar,
  rankOneCoefficient: number,
): tf.Tensor {
  const length = norm(gradient);
  const perUnit = tf.div(rho, length);
  return rankOneCoefficient === 0
    ? perUnit
    : tf.div(perUnit, hypotOne(tf.mul(Math.sqrt(rankOneCoefficient), length)));
}
