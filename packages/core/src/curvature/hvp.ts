import * as tf from '@tensorflow/tfjs-core';
import { requireOneRun } from '../algebra/runs.js';
import { add, norm, type ParamVector, scale, scaleFinite, sub } from '../algebra/vector.js';
import { requireOneOf, requirePositive } from '../declare/errors.js';
import { frozenKinks } from '../engine/kinks.js';
import type { LossClosure, Objective } from '../oracle/objective.js';
import type { GradientOracle } from '../oracle/oracle.js';

/** A linear map of the parameter space, v ↦ A v: a Hessian, a Gauss–Newton matrix. */
export interface LinearMap {
  (v: ParamVector): ParamVector;
  /** Shapes of its vectors, where it knows them. */
  readonly shapes?: readonly number[][];
  /** Its differences, where it is made of them. */
  readonly differences?: Differences;
}

/** The differences by which a map is measured. */
export interface Differences {
  /** The step that was asked for, as a fraction of max(1, ‖θ‖); absent where that was left to the purpose. */
  readonly step: number | undefined;
  /** The step that the map itself takes. */
  readonly own: number;
  /** False where kinks were met that could not be held: two steps may then agree on what is wrong. Absent: they do not matter. */
  kinksHeld?(): boolean;
  /** The same map by another step: where two steps disagree, neither is to be believed. */
  at(step: number): (v: ParamVector) => ParamVector;
}

/** The step for top eigenvectors, which are a large change of few activations. */
export const CONCENTRATED_STEP = 2 ** -11;

/**
 * The step for random directions, which change each of n weights by 1/√n of it: 2⁻¹⁰ up to 1,000 weights, then growing with
 * the cube root of n, against rounding.
 */
function spreadStep({ variables }: GradientOracle): number {
  const size = variables.reduce((sum, variable) => sum + variable.size, 0);
  return 2 ** -10 * Math.max(1, Math.cbrt(size / 1000));
}

/** A map by differences, of the step for random directions unless one was asked for. */
export function differencedMap(
  oracle: GradientOracle,
  step: number | undefined,
  product: (v: ParamVector, step: number) => ParamVector,
): LinearMap {
  const own = step ?? spreadStep(oracle);
  return Object.assign((v: ParamVector) => product(v, own), {
    shapes: oracle.variables.map(({ shape }) => shape),
    differences: { step, own, at: (other: number) => (v: ParamVector) => product(v, other) },
  });
}

/** The choice of a Hessian, and of the step of its differences. */
export interface HvpOptions {
  /** The objective whose Hessian it is. Default 'descent'. */
  readonly objective?: Objective | undefined;
  /** Another loss than the oracle's. */
  readonly loss?: LossClosure | undefined;
  /** Displacement of the point: the Hessian is that at θ + `at`, kinks held at θ. Default none. */
  readonly at?: ParamVector | undefined;
  /**
   * The difference step as a fraction of max(1, ‖θ‖), > 0, dimensionless. Default 2⁻¹⁰ up to 1,000 weights, (n/1000)^⅓ times
   * that for n: the error of H v, from truncation (step²) and rounding (2⁻²⁴/step), is then up to 1e-4 on smooth networks and
   * 2e-3 with ReLUs along random directions. `lanczos` takes 2⁻¹¹ or less: along top eigenvectors truncation is larger.
   */
  readonly step?: number | undefined;
  /**
   * 'frozen' (default): ReLUs, max pooling and the like choose as they do at θ. 'free': they choose at each point for
   * themselves, and the result is wrong without bound where a kink lies within the difference step of θ.
   */
  readonly kinks?: 'free' | 'frozen' | undefined;
}

/** The step's length for an oracle's variables. @throws RangeError when the fraction is not a finite number > 0. */
export function differenceStep(
  owner: string,
  oracle: GradientOracle,
  step: number = spreadStep(oracle),
): tf.Scalar {
  requireOneRun('curvature');
  requirePositive(owner, 'step', step);
  return tf.tidy(() => tf.mul(step, tf.maximum(1, norm(oracle.variables)))) as tf.Scalar;
}

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
  const { objective, loss, at, step, kinks = 'frozen' } = options;
  requireOneOf('hvp', 'kinks', kinks, ['free', 'frozen']);
  const held = kinks === 'frozen' ? frozenKinks : undefined;
  const gradientAt = (from: ParamVector) => {
    const perturbation = at ? add(at, from) : from;
    return oracle.evaluate({ perturbation, objective, loss, kinks: held, probe: true }).gradient;
  };
  return tf.tidy(() => {
    const length = norm(v);
    const h = differenceStep('hvp', oracle, step);
    const forward = scaleFinite(tf.div(h, length), v);
    const up = gradientAt(forward);
    const down = gradientAt(scale(-1, forward));
    return scale(tf.div(length, tf.mul(2, h)), sub(up, down));
  });
}

/** The Hessian at the oracle's θ as a linear map: `hvp` with its options filled in. Checks them at once. */
export function hessian(oracle: GradientOracle, options: HvpOptions = {}): LinearMap {
  const { step } = options;
  if (step !== undefined) requirePositive('hessian', 'step', step);
  const map = differencedMap(oracle, step, (v, fraction) => hvp(oracle, v, { ...options, step: fraction }));
  // Of free kinks nothing is known.
  if (options.kinks === 'free') return map;
  const differences = { ...map.differences!, kinksHeld: () => oracle.kinksHeld !== false };
  return Object.assign(map, { differences });
}
