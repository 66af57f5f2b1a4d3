import * as tf from '@tensorflow/tfjs-core';
import { axpy, dot, norm, type ParamVector, scale, scaleFinite } from '@tfjs-sam/core';

/** The sine of an angle that roundings of float32 alone may make, with room: 16 units in the last place of 1. */
const PARALLEL = 2 ** -20;

/** The unit vector of gₚ's part across g, of all variables together or of each; zero where there is none. */
export function across(gradient: ParamVector, perturbed: ParamVector, perVariable: boolean): ParamVector {
  if (!perVariable) return tf.tidy(() => unitAcross(gradient, perturbed));
  return gradient.map((g, i) => tf.tidy(() => unitAcross([g], [perturbed[i]!])[0]!));
}

function unitAcross(gradient: ParamVector, perturbed: ParamVector): ParamVector {
  // Of unit vectors, whose products neither overflow nor underflow; the length of what is left is a sine.
  const [along, whole] = [unit(gradient), unit(perturbed)];
  const rest = axpy(tf.neg(dot(along, whole)), along, whole);
  const sine = norm(rest);
  const counts = tf.cast(tf.greater(sine, PARALLEL), 'float32');
  return scale(tf.mul(counts, tf.divNoNan(1, sine)), rest);
}

function unit(vector: ParamVector): ParamVector {
  return scaleFinite(tf.divNoNan(1, norm(vector)), vector);
}

/** g + α ‖g‖ u, with one length of all variables together or one of each. */
export function pushed(
  gradient: ParamVector,
  direction: ParamVector,
  alpha: number,
  perVariable: boolean,
): ParamVector {
  const push = (g: ParamVector, u: ParamVector) => axpy(tf.mul(alpha, norm(g)), u, g);
  if (!perVariable) return tf.tidy(() => push(gradient, direction));
  return gradient.map((g, i) => tf.tidy(() => push([g], [direction[i]!])[0]!));
}
