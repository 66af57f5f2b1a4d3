import * as tf from '@tensorflow/tfjs-core';
import { axpy, type ParamVector, scale, scaleFinite } from './vector.js';

/** c · direction, not multiplied out: moving θ by it is one pass. c is finite; where it is 0 the direction may be NaN. */
export interface ScaledVector {
  /** c. */
  readonly scale: tf.Scalar;
  /** The vector that c scales. */
  readonly direction: ParamVector;
}

/** A displacement of θ, as a vector or as a scaled one. */
export type Perturbation = ParamVector | ScaledVector;

/** The perturbation as a vector. */
export function materialise(perturbation: Perturbation): ParamVector {
  return isScaled(perturbation) ? scaleFinite(perturbation.scale, perturbation.direction) : perturbation;
}

/** c · perturbation. */
export function scalePerturbation(c: number, perturbation: Perturbation): Perturbation {
  if (!isScaled(perturbation)) return scale(c, perturbation);
  return { ...perturbation, scale: tf.mul(perturbation.scale, c) };
}

/** θ + perturbation. With `donate` the memory of the perturbation may be used, which nobody may read afterwards. */
export function displaced(
  theta: readonly tf.Tensor[],
  perturbation: Perturbation,
  donate: boolean,
): ParamVector {
  return isScaled(perturbation)
    ? axpy(perturbation.scale, perturbation.direction, theta, donate)
    : axpy(1, perturbation, theta, donate);
}

/** True of a perturbation that is not multiplied out. */
export function isScaled(perturbation: Perturbation): perturbation is ScaledVector {
  return 'direction' in perturbation;
}
