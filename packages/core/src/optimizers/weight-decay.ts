import * as tf from '@tensorflow/tfjs-core';
import { anyOf, code, number, type OptionsOf, oneOf } from '../declare/option.js';
import { type Declaring, declared, definePart } from '../declare/part.js';
import { requireLearningRate } from './learning-rate.js';
import { WrappedOptimizer } from './wrapped.js';
import { type WrapperConfig, wrappedBase } from './wrapped-base.js';

const options = {
  weightDecay: number({
    min: 0,
    doc: 'Decoupled weight decay λ, multiplied by the learning rate of each update',
  }),
  decay: anyOf(
    [
      oneOf(['weights', 'all'], { doc: 'Weights, or everything' }),
      code<(variable: tf.Variable) => boolean>()({ expected: 'a predicate', doc: 'A predicate' }),
    ],
    {
      default: 'weights',
      expected: "'weights', 'all' or a function (variable) => boolean",
      doc: "The variables that decay: 'weights' leaves out biases and the scales and offsets of normalisation layers, 'all' leaves out none, a predicate decides for itself",
    },
  ),
};

/** Options of `withWeightDecay`. */
export interface WeightDecayOptions extends OptionsOf<typeof options> {}

declare module '../kinds.js' {
  interface BaseOptimizerConfigs {
    'weight-decay': WrapperConfig<typeof options>;
  }
}

const decayed = definePart({
  kind: 'base-optimizer',
  name: 'weight-decay',
  owner: 'withWeightDecay',
  doc: 'Decoupled weight decay beside any optimizer',
  source: 'Loshchilov and Hutter 2019, arXiv 1711.05101',
  options: { ...options, ...wrappedBase },
  create: ({ base, weightDecay, decay }) => {
    const decays = typeof decay === 'function' ? decay : decay === 'all' ? () => true : isWeight;
    const wrapped = new WrappedOptimizer(base, {
      name: 'weight-decay',
      owner: 'withWeightDecay',
      options: () => ({ weightDecay, decay }),
      after: ({ updated, learningRate }) => {
        const factor = learningRate * weightDecay;
        for (const { variable, before } of updated) {
          if (decays(variable)) variable.assign(tf.sub(variable, tf.mul(before, factor)) as tf.Tensor);
        }
      },
    });
    requireLearningRate('withWeightDecay', base);
    return wrapped;
  },
});

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
export const withWeightDecay: ((base: tf.Optimizer, options: WeightDecayOptions) => WrappedOptimizer) &
  Declaring<'base-optimizer'> = declared(decayed.part, (base: tf.Optimizer, given: WeightDecayOptions) =>
  decayed({ ...given, base }),
);

/** Of vectors and scalars none decays: they are biases, scales and offsets. */
const isWeight = ({ name, shape }: tf.Variable) =>
  shape.length > 1 && !/(^|[/_])(bias|gamma|beta)(_\d+)?$/.test(name);
