import * as tf from '@tensorflow/tfjs-core';
import { norm, type ParamVector, scale, scaleFinite } from '../algebra/vector.js';
import { requirePositive } from '../declare/errors.js';
import { frozenKinks } from '../engine/kinks.js';
import type { GradientOracle } from '../oracle/oracle.js';
import { differencedMap, differenceStep, type LinearMap } from './hvp.js';

/** A loss in two parts: a network's outputs, and what the loss makes of them. */
export interface TwoPartLoss {
  /** f(θ) of fixed data, [batch, outputs] or of any shape. */
  outputs(): tf.Tensor;
  /** ℓ(f), a Scalar that reaches the variables through f alone. */
  lossOf(outputs: tf.Tensor): tf.Scalar;
  /** ∇²ℓ(f) u in f's shape. Default by a central difference of ∇ℓ. */
  curvature?(outputs: tf.Tensor, u: tf.Tensor): tf.Tensor;
}

/**
 * Mean softmax cross entropy of logits, for `TwoPartLoss`, with its curvature in closed form: (diag(p) − p pᵀ) u.
 *
 * @param labels - Distributions over the classes, [batch, classes]; each row sums to one.
 */
export function crossEntropyOf(labels: tf.Tensor): Required<Omit<TwoPartLoss, 'outputs'>> {
  return {
    lossOf: (f) => tf.losses.softmaxCrossEntropy(labels, f) as tf.Scalar,
    curvature: (f, u) =>
      tf.tidy(() => {
        const p = tf.softmax(f);
        const centred = tf.sub(u, tf.sum(tf.mul(p, u), -1, true));
        return tf.div(tf.mul(p, centred), f.size / f.shape.at(-1)!);
      }),
  };
}

/**
 * Mean over the batch of ½‖f − y‖², for `TwoPartLoss`, with its curvature in closed form: u.
 *
 * @param targets - Of f's shape.
 * @throws RangeError, when it is asked, where outputs have another shape: spread over one another, they would give a wrong loss.
 */
export function squaredErrorOf(targets: tf.Tensor): Required<Omit<TwoPartLoss, 'outputs'>> {
  const rows = targets.size / (targets.rank > 1 ? targets.shape.at(-1)! : 1);
  return {
    lossOf: (f) => {
      if (!tf.util.arraysEqual(f.shape, targets.shape))
        throw new RangeError(
          `squaredErrorOf: expected outputs of the targets' shape [${targets.shape}], got [${f.shape}]`,
        );
      return tf.tidy(() => tf.div(tf.sum(tf.square(tf.sub(f, targets))), 2 * rows)) as tf.Scalar;
    },
    curvature: (_f, u) => tf.div(u, rows),
  };
}

/** ∇²ℓ(f) u, by a central difference of ∇ℓ along u; the kinks of ℓ (of a hinge, of absolute values) are held at f. */
function differenced({ lossOf }: TwoPartLoss, f: tf.Tensor, u: tf.Tensor): tf.Tensor {
  const kinks = frozenKinks();
  try {
    tf.tidy(() => void kinks.record(() => lossOf(f)));
    return tf.tidy(() => {
      const gradient = tf.grad((x: tf.Tensor) => kinks.replay(() => lossOf(x)));
      const length = norm([u]);
      const h = tf.mul(2 ** -8, tf.maximum(1, norm([f])));
      const [forward] = scaleFinite(tf.div(h, length), [u]);
      const difference = tf.sub(gradient(tf.add(f, forward!)), gradient(tf.sub(f, forward!)));
      return tf.mul(difference, tf.div(length, tf.mul(2, h)));
    });
  } finally {
    kinks.dispose();
  }
}

/**
 * The Gauss–Newton matrix JᵀS J at the oracle's θ as a linear map: J the outputs' Jacobian, S = ∇²ℓ at the outputs.
 *
 * The Hessian without the network's own curvature: positive semidefinite where ℓ is convex, for softmax cross entropy the
 * Fisher information, of the same trace as the Hessian of a piecewise linear network almost everywhere. J v is a central
 * difference of outputs with their kinks held at θ, Jᵀ an exact backward pass. Nothing is read back. Cost of a product: one
 * gradient and two values; of the first, two values more.
 *
 * @param parts - The loss; the oracle's own loss is not asked.
 * @param options - `step`: see `HvpOptions`.
 * @throws RangeError when `step` is not a finite number > 0.
 * @see Schraudolph 2002, "Fast Curvature Matrix-Vector Products for Second-Order Gradient Descent".
 * @example
 * const parts = { outputs: () => model.apply(x), ...crossEntropyOf(labels) };
 * const oracle = makeOracle(() => parts.lossOf(parts.outputs()), variables);
 * const { values } = await lanczos(gaussNewton(oracle, parts), { count: 3 });
 */
export function gaussNewton(
  oracle: GradientOracle,
  parts: TwoPartLoss,
  { step }: { readonly step?: number | undefined } = {},
): LinearMap {
  if (step !== undefined) requirePositive('gaussNewton', 'step', step);
  const outputs = () => parts.outputs();
  let curved: tf.Tensor | undefined;
  // One function for all products: its kinks are noted once.
  const projected = () => tf.sum(tf.mul(parts.outputs(), curved!)) as tf.Scalar;
  const outputsAt = (perturbation: ParamVector) =>
    oracle.compute(outputs, { perturbation, kinks: frozenKinks });
  const product = (v: ParamVector, fraction: number) =>
    tf.tidy(() => {
      const length = norm(v);
      const h = differenceStep('gaussNewton', oracle, fraction);
      const forward = scaleFinite(tf.div(h, length), v);
      const up = outputsAt(forward);
      const down = outputsAt(scale(-1, forward));
      const tangent = tf.mul(tf.sub(up, down), tf.div(length, tf.mul(2, h)));
      // Their mean is f(θ) up to h².
      const middle = tf.div(tf.add(up, down), 2);
      curved = parts.curvature?.(middle, tangent) ?? differenced(parts, middle, tangent);
      return oracle.evaluate({ loss: projected, kinks: frozenKinks, probe: true }).gradient;
    });
  return differencedMap(oracle, step, product);
}
