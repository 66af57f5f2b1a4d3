import * as tf from '@tensorflow/tfjs-core';
import { hypotOne, norm, type ParamVector, scaleEach } from '../../algebra/vector.js';
import { combine, dots, unit } from '../../curvature/combine.js';
import { invertSmall } from '../../curvature/small-matrix.js';
import type { InnerProduct } from '../metric.js';

/** A weighted sum of outer products Σⱼ wⱼ hⱼhⱼᵀ, with every hⱼ as its length and its direction. */
export interface OuterProducts {
  /** hⱼ/‖hⱼ‖, zero for a zero hⱼ. */
  readonly directions: readonly ParamVector[];
  /** ‖hⱼ‖, [k]. */
  readonly lengths: tf.Tensor1D;
  /** Cosines between the hⱼ, [k, k]; the diagonal is not used. */
  readonly cosines: tf.Tensor2D;
  /** wⱼ >= 0, [k]; w₀ > 0. */
  readonly weights: tf.Tensor1D;
}

/**
 * The inner product G = I + Σⱼ nⱼ² uⱼuⱼᵀ, nⱼ = √wⱼ ‖hⱼ‖, by Woodbury's identity on k × k matrices.
 *
 *   G⁻¹v = v − Σᵢ uᵢ tᵢ (S⁻¹ (t ⊙ uᵀv))ᵢ,   S = 1 on the diagonal, tᵢtⱼ⟨uᵢ, uⱼ⟩ off it,  t = n/√(1 + n²)
 *
 * Nothing is squared before it is scaled to at most one, so lengths of any finite size are safe. For v = `first`, which must
 * be h₀ itself where it is given, G⁻¹v = Σᵢ uᵢ tᵢ (S⁻¹)ᵢ₀/(√w₀ √(1 + n₀²)), which is free of the cancellation that the general formula has
 * where the hⱼ are long. S is kept regular by shrinking its off-diagonal by a few rounding units: directions closer to each
 * other than about 2e-3 count as one.
 */
export function outerProductInner(products: OuterProducts, first?: ParamVector): InnerProduct {
  const { directions, lengths, cosines, weights } = products;
  const roots = tf.sqrt(weights);
  const scaled = tf.mul(roots, lengths) as tf.Tensor1D;
  const whole = hypotOne(scaled);
  const share = tf.div(scaled, whole) as tf.Tensor1D;
  const inverse = tf.tidy(() => invertSmall(regularised(share, cosines)));
  const times = (x: tf.Tensor1D) => tf.reshape(tf.matMul(inverse, tf.expandDims(x, 1)), [-1]);
  return {
    apply: (v) =>
      tf.tidy(() =>
        combine(tf.mul(scaled, tf.mul(scaled, dots(directions, v))) as tf.Tensor1D, directions, v),
      ),
    solve: (v) =>
      tf.tidy(() => {
        if (v === first) {
          const column = tf.reshape(tf.slice(inverse, [0, 0], [weights.size, 1]), [-1]);
          const shrink = tf.reciprocal(tf.mul(tf.slice(roots, [0], [1]), tf.slice(whole, [0], [1])));
          return combine(tf.mul(tf.mul(share, column), shrink) as tf.Tensor1D, directions);
        }
        const image = times(tf.mul(share, dots(directions, v)) as tf.Tensor1D);
        return combine(tf.neg(tf.mul(share, image)) as tf.Tensor1D, directions, v);
      }),
    stretched: (factors, scaled) => outerProductInner(stretch(products, factors), scaled),
  };
}

/** The products of F hⱼ. */
function stretch({ directions, lengths, weights }: OuterProducts, factors: readonly number[]): OuterProducts {
  const moved = directions.map((direction) => scaleEach(factors, direction));
  const units = moved.map((direction) => unit(direction));
  return {
    directions: units,
    lengths: tf.mul(lengths, tf.stack(moved.map((direction) => norm(direction)))) as tf.Tensor1D,
    cosines: tf.stack(units.map((direction) => dots(units, direction))) as tf.Tensor2D,
    weights,
  };
}

function regularised(share: tf.Tensor1D, cosines: tf.Tensor2D): tf.Tensor2D {
  const [k] = cosines.shape;
  const identity = tf.eye(k);
  // Rounding of the cosines and of the elimination is some k units of 2⁻²⁴; four times that keeps every pivot positive.
  const shrink = 1 / (1 + 4 * k * 2 ** -23);
  const products = tf.mul(tf.outerProduct(share, share), cosines);
  return tf.add(identity, tf.mul(tf.mul(products, shrink), tf.sub(1, identity))) as tf.Tensor2D;
}
