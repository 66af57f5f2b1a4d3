import * as tf from '@tensorflow/tfjs-core';
import { complete, type OptionsOf, requireOneRun } from '@tfjs-sam/core';
import { derivativeOption, functionOption, resolveFunction } from './functions.js';

/**
 * A measure of sharpness R(D) from the scaled rises of the loss at n sampled points:
 *
 *   D_i = (L(θ + ρ s_i) − L(θ))/ρ²,   about ½ sᵢᵀ H sᵢ where the gradient vanishes
 */
export interface SampledSharpness {
  /** R. `[n]` → Scalar. */
  value(rises: tf.Tensor1D): tf.Scalar;
  /** ∂R/∂D_i, up to a constant factor. `[n]` → `[n]`; of independent runs `[n, runs]` → `[n, runs]`. */
  weights(rises: tf.Tensor1D): tf.Tensor1D;
}

/** Options of `universalSharpness`. */
export const universalOptions = {
  phi: functionOption('φ: outer function, of the mean, Scalar or `[m]` → Scalar'),
  phiDerivative: derivativeOption('φ′'),
  psi: functionOption('ψ: inner function, of each rise, `[n]` → `[n]` or `[n, m]`'),
  psiDerivative: derivativeOption('ψ′'),
};

/** Options of `universalSharpness`. */
export interface UniversalSharpnessOptions extends OptionsOf<typeof universalOptions> {}

/**
 * The universal class: R(D) = φ(mean_i ψ(D_i)), ψ of one component or several. With the right φ, ψ and distribution of the
 * samples it expresses any function of the Hessian (the paper's universality theorem).
 *
 * @throws RangeError for an unknown name; TypeError for what is no function, or a derivative without its function.
 * @see Tahmasebi et al. 2024, "A Universal Class of Sharpness-Aware Minimization Algorithms": (φ, ψ, μ)-sharpness.
 *   https://arxiv.org/abs/2406.03682
 * @example universalSharpness({ psi: (d) => tf.stack([d, tf.square(d)], 1), phi: (m) => variance(m) })
 */
export function universalSharpness(options: UniversalSharpnessOptions = {}): SampledSharpness {
  const { phi, phiDerivative, psi, psiDerivative } = complete(
    'universalSharpness',
    universalOptions,
    options,
  );
  const outer = resolveFunction('universalSharpness', 'phi', phi, phiDerivative);
  const inner = resolveFunction('universalSharpness', 'psi', psi, psiDerivative);
  // Functions of one's own may do anything with the axes; the named ones go entry by entry.
  const isOwn = [phi, psi].some((each) => typeof each === 'function');
  const mean = (rises: tf.Tensor) => tf.mean(inner.value(rises), 0);
  return {
    value: (rises) => tf.tidy(() => outer.value(mean(rises)) as tf.Scalar),
    weights: (rises) =>
      tf.tidy(() => {
        if (isOwn) requireOneRun('universalSharpness');
        const slope = (outer.derivative ?? tf.grad(outer.value))(mean(rises));
        if (!inner.derivative) return tf.grad((d) => tf.sum(tf.mul(slope, mean(d))))(rises) as tf.Tensor1D;
        const product = tf.mul(tf.div(slope, rises.shape[0]), inner.derivative(rises));
        return (product.rank > rises.rank ? tf.sum(product, -1) : product) as tf.Tensor1D;
      }),
  };
}

/** Trace-SAM's: φ = ψ = id. E R → ½ tr H for Gaussian directions, tr H/(2d) for directions on the sphere in d dimensions. */
export function traceSharpness(): SampledSharpness {
  return universalSharpness();
}

/**
 * Det-SAM's: ψ(t) = e^(−t/2), φ(t) = t⁻². R → det(I + H/2) for Gaussian directions, and det H (c²/π)^d for directions
 * uniform in a cube of half width c ≫ 1/√λ_min(H); in a small cube, 1 + c² tr H/6.
 *
 * The weights Q⁻³ q_i/n, q = ψ(D), Q = mean q, are computed from logarithms: q alone may be too small for a float.
 */
export function detSharpness(): SampledSharpness {
  const logs = (rises: tf.Tensor1D) => {
    const log = tf.mul(-0.5, rises) as tf.Tensor1D;
    return { log, logMean: tf.sub(tf.logSumExp(log, 0), Math.log(rises.shape[0])) };
  };
  return {
    value: (rises) => tf.tidy(() => tf.exp(tf.mul(-2, logs(rises).logMean)) as tf.Scalar),
    weights: (rises) =>
      tf.tidy(() => {
        const { log, logMean } = logs(rises);
        return tf.div(tf.exp(tf.sub(log, tf.mul(3, logMean))), rises.shape[0]) as tf.Tensor1D;
      }),
  };
}

/**
 * Frob-SAM's: the sample variance of D, R → ½ ‖H‖_F² for Gaussian directions. The weights are half of R's derivative,
 * as in the published code.
 */
export function frobSharpness(): SampledSharpness {
  const centred = (rises: tf.Tensor1D) => tf.sub(rises, tf.mean(rises, 0));
  return {
    value: (rises) => tf.tidy(() => tf.div(tf.sum(tf.square(centred(rises))), rises.size - 1) as tf.Scalar),
    weights: (rises) => tf.tidy(() => tf.div(centred(rises), rises.shape[0] - 1) as tf.Tensor1D),
  };
}
