import * as tf from '@tensorflow/tfjs-core';
import { registerFactory } from '../declare/config.js';
import { requireNonNegative } from '../declare/errors.js';
import { requireLearningRate } from './learning-rate.js';
import { baseOf } from './nested.js';
import { WrappedOptimizer } from './wrapped.js';

/** Options of `withWeightDecay`. */
export interface WeightDecayOptions {
  /** Decoupled weight decay λ >= 0, multiplied by the learning rate of each update. No default. */
  readonly weightDecay: number;
  /**
   * Which variables decay: 'weights' (default) leaves out biases and the scales and offsets of normalisation layers,
   * 'all' leaves out none, a predicate decides for itself.
   */
  readonly decay?: 'weights' | 'all' | ((variable: tf.Variable) => boolean) | undefined;
}

const NAME = 'weight-decay';

/**
 * Decoupled weight decay beside any optimizer: with Adam inside it is AdamW.
 *
 *   θ ← θ + update − lr λ θ
 *
 * @throws RangeError for a negative `weightDecay`; TypeError when `base` has no learning rate or `decay` is of
 *   another kind.
 * @see Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization". https://arxiv.org/abs/1711.05101
 * @example sam(withWeightDecay(tf.train.adam(1e-3), { weightDecay: 0.05 }))
 */
export function withWeightDecay(base: tf.Optimizer, options: WeightDecayOptions): WrappedOptimizer {
  const { weightDecay, decay = 'weights' } = options;
  requireNonNegative('withWeightDecay', 'weightDecay', weightDecay);
  const decays = typeof decay === 'function' ? decay : predicates[decay];
  if (decays === undefined) {
    throw new TypeError(
      `withWeightDecay: expected decay to be 'weights', 'all' or a function (variable) => boolean, got ${decay}`,
    );
  }
  const wrapped = new WrappedOptimizer(base, {
    name: NAME,
    owner: 'withWeightDecay',
    options: () => ({ ...options }),
    after: ({ updated, learningRate }) => {
      const factor = learningRate * weightDecay;
      for (const { variable, before } of updated) {
        if (decays(variable)) variable.assign(tf.sub(variable, tf.mul(before, factor)) as tf.Tensor);
      }
    },
  });
  requireLearningRate('withWeightDecay', base);
  return wrapped;
}

/** Of vectors and scalars none decays: they are biases, scales and offsets. */
const isWeight = ({ name, shape }: tf.Variable) =>
  shape.length > 1 && !/(^|[/_])(bias|gamma|beta)(_\d+)?$/.test(name);

const predicates: Readonly<Record<string, ((variable: tf.Variable) => boolean) | undefined>> = {
  weights: isWeight,
  all: () => true,
};

registerFactory('base-optimizer', NAME, ({ base, ...options }) =>
  withWeightDecay(baseOf(base), options as unknown as WeightDecayOptions),
);
