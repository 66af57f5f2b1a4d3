import * as tf from '@tensorflow/tfjs-core';
import { type Sampler, seededSampler } from '../../algebra/random.js';
import { map, type ParamVector, scaleFinite } from '../../algebra/vector.js';
import { code, type OptionsOf, oneOf } from '../../declare/option.js';
import { definePart, type PartFunction } from '../../declare/part.js';
import type { GradientOracle } from '../../oracle/oracle.js';
import type { PerturbationMetric } from '../metric.js';
import { biasCorrectedRate, blend, diagonalInner, squares } from './diagonal.js';
import { isDue, probedOptions } from './hessian-diagonal.js';

const outputs = {
  expected: 'a function (step) => tensor [batch, outputs]',
  doc: "The network's outputs of the step's batch, [batch, outputs]: a loss closure does not show them, and the Gauss–Newton matrix is made of them",
};
const outputLoss = oneOf(['softmax', 'squared'], {
  default: 'softmax',
  doc: 'The meaning of the outputs to the loss: logits of a mean softmax cross entropy, or means of a mean ½‖f − y‖²',
});

/** The metric's view of the network, where another metric can take its place. */
export const outputOptions = {
  outputs: code<(step: number) => tf.Tensor>()({ ...outputs, optional: 'none' }),
  outputLoss,
};

const options = { outputs: code<(step: number) => tf.Tensor>()(outputs), outputLoss, ...probedOptions };

/** Options of the Gauss–Newton metric. */
export interface GaussNewtonOptions extends OptionsOf<typeof options> {}

/** The meaning of the outputs to the loss. */
export type OutputLoss = NonNullable<GaussNewtonOptions['outputLoss']>;

/**
 * The diagonal Gauss–Newton metric, G = diag(N) + λI with N >= 0 the diagonal of (1/B) Σᵢ JᵢᵀSᵢJᵢ: the Hessian without the
 * outputs' own curvature, for softmax cross entropy also the Fisher information.
 *
 *   N ≈ (∇θ Σᵢ ⟨zᵢ, fᵢ⟩)²/B,   E zᵢzᵢᵀ = Sᵢ:  zᵢ = √pᵢ ⊙ uᵢ − pᵢ⟨√pᵢ, uᵢ⟩ (softmax, pᵢ its probabilities), zᵢ = uᵢ (squared)
 *
 * with random signs u, averaged over probes and, with `decay`, over refreshes. An unbiased estimate with no curvature by
 * differences and no labels drawn. `outputs` must run on the step's own batch. Cost: `probes` gradients every
 * `refreshEvery` steps.
 *
 * @throws TypeError when `outputs` is not a function; RangeError when an option is out of its range.
 * @see Schraudolph 2002, "Fast Curvature Matrix-Vector Products for Second-Order Gradient Descent", for the matrix; Martens
 *   2020, https://arxiv.org/abs/1412.1193, section 9, for its being the Fisher information. The metric is ours.
 */
export const gaussNewtonMetric: PartFunction<GaussNewtonOptions, PerturbationMetric, 'metric'> = definePart({
  kind: 'metric',
  name: 'gauss-newton',
  owner: 'gaussNewtonMetric',
  doc: "G = diag(N) + λI, N the Gauss–Newton matrix's diagonal. In code alone: it needs a function",
  use: 'Where curvature should count, for networks with kinks as well; it needs the network’s outputs',
  source: 'Schraudolph 2002; Martens 2020, arXiv 1412.1193',
  options,
  create: ({ outputs, outputLoss, damping, decay, refreshEvery, probes, seed, sampler }) => {
    const draw = sampler ?? seededSampler('rademacher', seed);
    const key = 'gaussNewton';
    const refresh = (oracle: GradientOracle): ParamVector => {
      let mean: ParamVector | undefined;
      for (let index = 0; index < probes; index++) {
        const before = mean;
        const loss = () => projection(outputs(oracle.step), outputLoss, draw, oracle.step, index);
        mean = tf.tidy(() =>
          blend(before, squares(oracle.evaluate({ loss, probe: true }).gradient), 1 / (index + 1)),
        );
        tf.dispose(before);
      }
      // A NaN of one step would stay in the average for good.
      const next = blend(oracle.state.get(key), scaleFinite(1, mean!), biasCorrectedRate(oracle, key, decay));
      oracle.state.set(key, next);
      return next;
    };
    return {
      name: 'gauss-newton',
      at: (_gradient, oracle) => {
        const diagonal = isDue(oracle, key, refreshEvery) ? refresh(oracle) : oracle.state.get(key)!;
        return diagonalInner(map(diagonal, (tensor) => tf.add(tensor, damping)));
      },
    };
  },
});

/** Σᵢ ⟨zᵢ, fᵢ⟩/√B with z held constant: its gradient is Jᵀz/√B. */
function projection(
  outputs: tf.Tensor,
  outputLoss: OutputLoss,
  sampler: Sampler,
  step: number,
  index: number,
): tf.Scalar {
  if (outputs.rank !== 2) {
    throw new RangeError(
      `gaussNewtonMetric: expected outputs of shape [batch, outputs], got [${outputs.shape}]`,
    );
  }
  const signs = sampler([outputs.shape], step, index)[0]!;
  const constant = tf.customGrad((f, save) => {
    const x = f as tf.Tensor;
    const z = tf.mul(1 / Math.sqrt(x.shape[0]!), outputLoss === 'softmax' ? factor(x, signs) : signs);
    (save as tf.GradSaveFunc)([z]);
    return {
      value: tf.sum(tf.mul(z, x)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, saved[0]!),
    };
  });
  return constant(outputs) as tf.Scalar;
}

/** A random vector per row whose covariance is diag(p) − p pᵀ, the softmax's. */
function factor(logits: tf.Tensor, signs: tf.Tensor): tf.Tensor {
  const p = tf.softmax(logits);
  const spread = tf.mul(tf.sqrt(p), signs);
  return tf.sub(spread, tf.mul(p, tf.sum(spread, -1, true)));
}
