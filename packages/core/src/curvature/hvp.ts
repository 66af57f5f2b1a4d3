import * as tf from '@tensorflow/tfjs-core';
import { norm, type ParamVector, scale, scaleFinite, sub } from '../algebra/vector.js';
import { requirePositive } from '../declare/errors.js';
import type { LossClosure, Objective } from '../oracle/objective.js';
import type { GradientOracle } from '../oracle/oracle.js';

/** A linear map of the parameter space, v ↦ A v: a Hessian, a Gauss–Newton matrix. */
export type LinearMap = (v: ParamVector) => ParamVector;

/** Which Hessian, and how finely it is differenced. */
export interface HvpOptions {
  /** Which objective's Hessian. Default 'descent'. */
  readonly objective?: Objective | undefined;
  /** Another loss than the oracle's. */
  readonly loss?: LossClosure | undefined;
  /**
   * The difference step as a fraction of max(1, ‖θ‖), > 0, dimensionless. Default 2⁻⁸, the cube root of float32's
   * rounding unit.
   */
  readonly step?: number | undefined;
  /**
   * 'frozen' (default): ReLUs, max pooling and the like choose as they do at θ. 'free': they choose at each point for
   * themselves, and the result is wrong without bound where a kink lies within the difference step of θ.
   */
  readonly kinks?: 'free' | 'frozen' | undefined;
}

const DEFAULT_STEP = 2 ** -8;

/**
 * The Hessian-vector product H v at θ, by a central difference of gradients along v.
 *
 *   H v ≈ ‖v‖ (∇L(θ + h v/‖v‖) − ∇L(θ − h v/‖v‖)) / 2h,   h = step · max(1, ‖θ‖)
 *
 * Linear in the length of v; zero for v = 0. The kinks of ReLU, max pooling and the like are held at θ, where the result
 * is the Hessian that the network has almost everywhere. TensorFlow.js's own second derivatives are not used: they throw
 * or are wrong for common operations. Nothing is read back. Cost: two gradients, and a value for the first of an oracle.
 *
 * @returns One tensor per variable, in the current scope.
 * @throws RangeError when `step` is not a finite number > 0; whatever the loss throws.
 */
export function hvp(oracle: GradientOracle, v: ParamVector, options: HvpOptions = {}): ParamVector {
  const { objective, loss, step = DEFAULT_STEP, kinks = 'frozen' } = options;
  requirePositive('hvp', 'step', step);
  const gradientAt = (perturbation: ParamVector) =>
    oracle.evaluate({ perturbation, objective, loss, kinks, probe: true }).gradient;
  return tf.tidy(() => {
    const length = norm(v);
    const h = tf.mul(step, tf.maximum(1, norm(oracle.variables)));
    const forward = scaleFinite(tf.div(h, length), v);
    const up = gradientAt(forward);
    const down = gradientAt(scale(-1, forward));
    return scale(tf.div(length, tf.mul(2, h)), sub(up, down));
  });
}

/** The Hessian at the oracle's θ as a linear map: `hvp` with its options filled in. Checks them at once. */
export function hessian(oracle: GradientOracle, options: HvpOptions = {}): LinearMap {
  if (options.step !== undefined) requirePositive('hessian', 'step', options.step);
  return (v) => hvp(oracle, v, options);
}
