import type * as tf from '@tensorflow/tfjs-core';
import {
  axpy,
  composePerturbation,
  createVariant,
  type DriverOptions,
  type GradientOracle,
  type PerturbationStrategies,
  registerVariant,
  requireInRange,
  type SharpnessAwareOptimizer,
  type SharpnessRule,
  scale,
  sub,
} from '@tfjs-sam/core';

/** Options of `wsam`. */
export interface WsamOptions extends PerturbationStrategies, DriverOptions {
  /**
   * Weight γ in [0, 1) of the sharpness, dimensionless: 0 is the base optimizer alone, 1/2 is SAM (decoupled: around
   * SGD without momentum). Default 0.9.
   */
  readonly gamma?: number | undefined;
  /** Whether the sharpness's gradient bypasses the base optimizer's momentum and scaling. Default true. */
  readonly decouple?: boolean | undefined;
}

/**
 * WSAM: minimises the loss and, weighted beside it, the sharpness L(θ + δ) − L(θ).
 *
 *   δ = ρ g / ‖g‖,   gₚ = ∇L(θ + δ),   α = γ / (1 − γ)
 *   decoupled: θ ← Base(θ, g) − lr α (gₚ − g);   coupled: θ ← Base(θ, (1 − α) g + α gₚ)
 *
 * lr is the base optimizer's learning rate at the step. The decoupled form moves the weights outside the base optimizer,
 * and so offers no gradients to `computeGradients`: what changes gradients (`clipByGlobalNorm`) goes around its base.
 * Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite or `gamma` outside [0, 1); TypeError when a part is not of its
 *   kind or `decouple` no boolean. The decoupled step throws when the base optimizer has no learning rate.
 * @see Yue et al. 2023, "Sharpness-Aware Minimization Revisited: Weighted Sharpness as a Regularization Term".
 *   https://arxiv.org/abs/2305.15817
 */
export function wsam(base: tf.Optimizer, options: WsamOptions = {}): SharpnessAwareOptimizer {
  return createVariant('wsam', base, options, wsamRule);
}

function wsamRule({ gamma = 0.9, decouple = true, ...strategies }: WsamOptions): SharpnessRule {
  requireInRange('wsam', 'gamma', gamma, 0, 1);
  if (typeof decouple !== 'boolean') {
    throw new TypeError(`wsam: expected decouple to be a boolean, got ${decouple}`);
  }
  const perturb = composePerturbation({ ...strategies, name: 'wsam' });
  const alpha = gamma / (1 - gamma);
  return {
    name: 'wsam',
    direction: (oracle) => {
      const { loss, gradient } = oracle.evaluate();
      const perturbed = oracle.evaluate({ perturbation: perturb(gradient, oracle) }).gradient;
      // (1 − α) g + α gₚ, exactly g where the two are one, and SAM's gₚ at α = 1.
      if (!decouple && alpha === 1) return { loss, direction: perturbed };
      if (!decouple) return { loss, direction: axpy(alpha, sub(perturbed, gradient), gradient) };
      const correction = scale(-alpha * learningRateOf(oracle), sub(perturbed, gradient));
      return { loss, direction: gradient, correction };
    },
  };
}

function learningRateOf({ base: { learningRate } }: GradientOracle): number {
  if (Number.isFinite(learningRate)) return learningRate;
  throw new Error(`wsam: expected a base optimizer with a learningRate, got ${learningRate}`);
}

registerVariant('wsam', wsam);
