import * as tf from '@tensorflow/tfjs-core';
import type { Perturbation } from '../algebra/perturbation.js';
import {
  dot,
  hypotOne,
  norm,
  type ParamVector,
  runFusedWhole,
  scale,
  scaleFinite,
} from '../algebra/vector.js';
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
  return tf.tidy(() => {
    const rankOneCoefficient = inner.rankOneCoefficient?.(gradient);
    if (rankOneCoefficient !== undefined) {
      return scaleFinite(
        fusedScale(gradient, rho, rankOneCoefficient) ?? composedScale(gradient, rho, rankOneCoefficient),
        gradient,
      );
    }
    const raised = inner.solve(gradient);
    const [a, b] = [norm(gradient), norm(raised)];
    const cosine = dot(scale(tf.div(1, a), gradient), scale(tf.div(1, b), raised));
    const dualNorm = tf.mul(tf.mul(tf.sqrt(a), tf.sqrt(b)), tf.sqrt(cosine));
    return scaleFinite(tf.div(rho, dualNorm), raised);
  });
}

/** The ascent step, not multiplied out where that saves a pass over the weights. */
export function ascentPerturbation(inner: InnerProduct, gradient: ParamVector, rho: number): Perturbation {
  const rankOneCoefficient = inner.rankOneCoefficient?.(gradient);
  const factor = rankOneCoefficient === undefined ? undefined : fusedScale(gradient, rho, rankOneCoefficient);
  return factor ? { scale: factor, direction: gradient } : ascentStep(inner, gradient, rho);
}

/** ρ/(‖g‖√(1 + k‖g‖²)) in one kernel, 0 where that is not finite; undefined where the backend has no such kernel. */
function fusedScale(
  gradient: ParamVector,
  rho: number | tf.Scalar,
  rankOneCoefficient: number,
): tf.Scalar | undefined {
  if (typeof rho !== 'number') return undefined;
  return runFusedWhole('SamAscentScale', { x: gradient }, { rho, rankOneCoefficient })?.[0] as
    | tf.Scalar
    | undefined;
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
