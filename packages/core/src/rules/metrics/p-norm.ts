import * as tf from '@tensorflow/tfjs-core';
import { reduceRuns, spread } from '../../algebra/runs.js';
import { map, maxAbs, norm, type ParamVector, scaleFinite } from '../../algebra/vector.js';
import { anyOf, type ConfigOf, code, number, type OptionsOf, oneOf } from '../../declare/option.js';
import { definePart, type PartFunction } from '../../declare/part.js';
import type { AscentStep } from '../compose.js';

const options = {
  p: anyOf(
    [
      number({ min: 1, doc: 'A norm' }),
      oneOf(['infinity'], { doc: 'The box' }),
      code<number>()({ accepts: (value) => value === Infinity, expected: 'Infinity', doc: 'The box' }),
    ],
    {
      default: 2,
      expected: "a number >= 1 or 'infinity'",
      doc: "p of the ball ‖δ‖_p <= ρ; 'infinity' is the box",
    },
  ),
};

/** Options of the p-norm ascent. */
export interface PNormAscentOptions extends OptionsOf<typeof options> {}

declare module '../../kinds.js' {
  interface MetricConfigs {
    'p-norm': ConfigOf<typeof options>;
  }
}

/**
 * The ascent step in a p-norm ball: argmax ⟨g, δ⟩ subject to ‖δ‖_p <= ρ. Goes where a metric goes.
 *
 *   δ = ρ sign(g) |g|^{q−1} / ‖g‖_q^{q−1},  1/p + 1/q = 1;   p = ∞: δ = ρ sign(g)
 *
 * For p = 1 everything goes to the coordinates of the largest |g|, in equal parts where several share it: the limit
 * of the formula as p falls to 1. A radius in one norm is not that of another: ρ for p = ∞ should be about √N times
 * smaller than for p = 2 over N weights. Zero where the gradient is zero or not finite; no power overflows.
 *
 * @throws RangeError when `p` is neither a number >= 1 nor 'infinity'.
 * @see Foret et al. 2021, "Sharpness-Aware Minimization", equation 2. https://arxiv.org/abs/2010.01412
 * @example sam(base, { rho: 0.001, metric: pNormAscent({ p: 'infinity' }) })
 */
export const pNormAscent: PartFunction<PNormAscentOptions, AscentStep, 'metric'> = definePart({
  kind: 'metric',
  name: 'p-norm',
  owner: 'pNormAscent',
  doc: 'The ball of a p-norm, which no G measures',
  use: 'To compare balls: p = ∞ moves every weight, p = 1 a few of them',
  source: 'Foret et al. 2021, arXiv 2010.01412',
  options,
  create: ({ p }) => {
    const boundless = p === 'infinity' || p === Number.POSITIVE_INFINITY;
    return {
      name: 'p-norm',
      // JSON has no Infinity.
      config: { name: 'p-norm', p: boundless ? 'infinity' : p },
      step: (gradient, rho) =>
        tf.tidy(() => (boundless ? boxStep(gradient, rho) : powerStep(gradient, rho, p))),
    };
  },
});

/** ρ sign(g); all zero where g is zero or not finite: the ratio is NaN then. */
function boxStep(gradient: ParamVector, rho: number): ParamVector {
  const length = norm(gradient);
  return scaleFinite(
    tf.mul(rho, tf.div(length, length)),
    map(gradient, (tensor) => sign(tensor)),
  );
}

/** For finite p, in u = |g|/max|g|, whose powers are all in [0, 1]. */
function powerStep(gradient: ParamVector, rho: number, p: number): ParamVector {
  const largest = maxAbs(gradient);
  const shares = map(gradient, (tensor) => tf.div(tf.abs(tensor), spread(largest, tensor)));
  if (p === 1) {
    const top = map(shares, (share) => tf.cast(tf.greaterEqual(share, 1), 'float32'));
    const count = tf.addN(top.map((tensor) => reduceRuns(tf.sum, tensor)));
    return signed(gradient, top, tf.div(rho, count));
  }
  const q = p / (p - 1);
  const powers = map(shares, (share) => tf.pow(share, q - 1));
  const sum = tf.addN(shares.map((share, i) => reduceRuns(tf.sum, tf.mul(share, powers[i]!))));
  return signed(gradient, powers, tf.div(rho, tf.pow(sum, 1 / p)));
}

/** factor · sign(g) ⊙ size; zero where the gradient is zero or not finite. */
function signed(gradient: ParamVector, size: ParamVector, factor: tf.Tensor): ParamVector {
  const length = norm(gradient);
  return scaleFinite(
    tf.mul(factor, tf.div(length, length)),
    map(gradient, (tensor, i) => tf.mul(sign(tensor), size[i]!)),
  );
}

/** −1, 0 or 1. The wasm backend's own Sign gives 0 for anything below 1e-7. */
function sign(tensor: tf.Tensor): tf.Tensor {
  return tf.divNoNan(tensor, tf.abs(tensor));
}
