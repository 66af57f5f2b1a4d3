import * as tf from '@tensorflow/tfjs-core';
import {
  type AscentObjective,
  type Checked,
  type ConfigOf,
  complete,
  definePart,
  number,
  type OptionsOf,
  oneOf,
  type PartFunction,
  tagged,
} from '@tfjs-sam/core';
import { oneHotLabels } from './labels.js';

const shared = (mu: number) => ({
  mu: number({ above: 0, default: mu, doc: 'Sharpness μ of the soft maximum over classes' }),
  compat: oneOf(['published-code'], {
    optional: "the paper's form, with it",
    doc: "'published-code' leaves out the factor 1/μ, as the authors' code does",
  }),
});

const tanhOptions = {
  ...shared(10),
  alpha: number({ above: 0, default: 0.1, doc: 'Slope α of φ at 0, per logit' }),
};
const logOptions = shared(1);

/** φ(t) = tanh(α t): bounded, so that no example dominates. */
export interface TanhLowerBound extends OptionsOf<typeof tanhOptions> {
  /** The bounded, smooth one. */
  readonly kind: 'tanh';
}

/** φ(t) = 1 − log(1 + exp(γ − t)), γ = log(e − 1): unbounded below, at most 1. */
export interface LogLowerBound extends OptionsOf<typeof logOptions> {
  /** The unbounded one. */
  readonly kind: 'log';
}

/** The function φ <= 1[t > 0] that of the margin bounds the 0-1 loss from below: up to the soft maximum's log K/μ. */
export type LowerBound = TanhLowerBound | LogLowerBound;

/** The bound that the perturbation climbs. */
export const lowerBoundOptions = {
  lowerBound: tagged(
    'kind',
    { tanh: tanhOptions, log: logOptions },
    {
      default: { kind: 'tanh' },
      doc: 'The bound for losses that are given none of their own (`bisamLoss()`, `zeroOneLowerBound(labels, logits)`): tanh(α t), or 1 − log(1 + exp(γ − t))',
    },
  ),
};

type CompleteBound = Checked<typeof lowerBoundOptions>['lowerBound'];

/** A bound, complete. @throws RangeError for an unknown kind and numbers that are not positive. */
export function completeBound(owner: string, lowerBound?: LowerBound): CompleteBound {
  return complete(owner, lowerBoundOptions, { lowerBound }).lowerBound;
}

declare module '@tfjs-sam/core' {
  interface ObjectiveConfigs {
    'zero-one-tanh': ConfigOf<typeof tanhOptions>;
    'zero-one-log': ConfigOf<typeof logOptions>;
  }
}

/** The bound of the optimizer whose step is being taken. */
let current: CompleteBound | undefined;

/** The bound of the optimizer whose step is being taken, for losses that were given none. */
export function currentLowerBound(): CompleteBound {
  return current ?? completeBound('bisam');
}

/** Runs `f` while `currentLowerBound()` gives `bound`; restores the previous one, also when `f` throws. */
export function withLowerBound<T>(bound: CompleteBound, f: () => T): T {
  const previous = current;
  current = bound;
  try {
    return f();
  } finally {
    current = previous;
  }
}

/**
 * Each example's lower bound (1/μ) log Σⱼ exp(μ φ(Fⱼ)), Fⱼ = fⱼ − f_y.
 *
 * @returns Shape [batch]. The caller disposes it.
 */
export function exampleLowerBounds(labels: tf.Tensor, logits: tf.Tensor, bound: CompleteBound): tf.Tensor {
  return tf.tidy(() => {
    const { mu } = bound;
    const truth = oneHotLabels('zeroOneLowerBound', labels, logits);
    const margins = tf.sub(logits, tf.sum(tf.mul(truth, logits), -1, true));
    // φ(0) = 0 for the class y itself, so that log Σⱼ exp(μ φⱼ) is a cross entropy, whose gradient
    // TensorFlow.js has in closed form and which no exponent overflows.
    const chances = tf.logSoftmax(tf.mul(mu, phi(margins, bound)));
    const total = tf.neg(tf.sum(tf.mul(truth, chances), -1));
    return bound.compat === 'published-code' ? total : tf.div(total, mu);
  });
}

const gamma = Math.log(Math.E - 1);

function phi(margins: tf.Tensor, bound: CompleteBound): tf.Tensor {
  if (bound.kind === 'tanh') return tf.tanh(tf.mul(bound.alpha, margins));
  return tf.sub(1, tf.softplus(tf.sub(gamma, margins)));
}

/**
 * BiSAM's lower bound of the 0-1 loss, the objective that the perturbation climbs.
 *
 *   Q = mean_i (1/μ) log Σ_j exp(μ φ(F_ij)),   F_ij = f_ij − f_i,y   (the margin of class j; 0 for the class y itself)
 *
 * Differentiable once, stable for logits of any finite size.
 *
 * @param labels - Classes, [batch] or [batch, 1], or one-hot rows [batch, classes], whose largest entry counts.
 * @param logits - f, [batch, classes], before the softmax.
 * @param lowerBound - φ and μ. Default those of the `bisam` optimizer whose step is being taken, or its defaults.
 * @returns Scalar, dimensionless: a share of examples, raised by at most log(classes)/μ. The caller disposes it.
 * @throws RangeError for shapes that do not fit, an unknown kind, or `mu` or `alpha` that is not positive.
 * @see Xie et al. 2024, "Improving SAM Requires Rethinking its Optimization Formulation".
 *   https://arxiv.org/abs/2407.12993
 */
export function zeroOneLowerBound(labels: tf.Tensor, logits: tf.Tensor, lowerBound?: LowerBound): tf.Scalar {
  const bound = lowerBound ? completeBound('zeroOneLowerBound', lowerBound) : currentLowerBound();
  return tf.tidy(() => tf.mean(exampleLowerBounds(labels, logits, bound)));
}

/** BiSAM's bounded lower bound of the 0-1 loss, as an ascent loss of labels and logits. */
export const zeroOneTanh: PartFunction<
  OptionsOf<typeof tanhOptions>,
  AscentObjective,
  'objective'
> = definePart({
  kind: 'objective',
  name: 'zero-one-tanh',
  owner: 'zeroOneTanh',
  doc: "BiSAM's bounded lower bound of the 0-1 loss",
  source: 'Xie et al. 2024, arXiv 2407.12993',
  options: tanhOptions,
  create: (options): AscentObjective => asObjective({ kind: 'tanh', ...options }),
});

/** BiSAM's logarithmic lower bound of the 0-1 loss, as an ascent loss of labels and logits. */
export const zeroOneLog: PartFunction<
  OptionsOf<typeof logOptions>,
  AscentObjective,
  'objective'
> = definePart({
  kind: 'objective',
  name: 'zero-one-log',
  owner: 'zeroOneLog',
  doc: "BiSAM's logarithmic lower bound of the 0-1 loss",
  source: 'Xie et al. 2024, arXiv 2407.12993',
  options: logOptions,
  create: (options): AscentObjective => asObjective({ kind: 'log', ...options }),
});

function asObjective(bound: CompleteBound): AscentObjective {
  return (labels, logits) => tf.tidy(() => tf.mean(exampleLowerBounds(labels, logits, bound)));
}
