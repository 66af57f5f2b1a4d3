import * as tf from '@tensorflow/tfjs-core';
import { norm } from '../algebra/vector.js';
import { number } from '../declare/option.js';
import { type Declaring, declared, definePart } from '../declare/part.js';
import { WrappedOptimizer } from './wrapped.js';
import { type WrapperConfig, wrappedBase } from './wrapped-base.js';
import type { MaybeGradient } from './wrapping.js';

const normOptions = {
  maxNorm: number({ above: 0, unit: 'units of the gradient', doc: 'Longest gradient that stays as it is' }),
};
const valueOptions = {
  limit: number({ above: 0, unit: 'units of the gradient', doc: 'Largest size of an entry' }),
};

declare module '../kinds.js' {
  interface BaseOptimizerConfigs {
    'clip-by-global-norm': WrapperConfig<typeof normOptions>;
    'clip-by-value': WrapperConfig<typeof valueOptions>;
  }
}

const byGlobalNorm = definePart({
  kind: 'base-optimizer',
  name: 'clip-by-global-norm',
  owner: 'clipByGlobalNorm',
  doc: 'Any optimizer, its gradient cut to a longest norm',
  source: 'Pascanu et al. 2013, arXiv 1211.5063',
  options: { ...normOptions, ...wrappedBase },
  create: ({ base, maxNorm }) =>
    new WrappedOptimizer(base, {
      name: 'clip-by-global-norm',
      owner: 'clipByGlobalNorm',
      options: () => ({ maxNorm }),
      gradients: (gradients) => {
        const present = gradients.filter((gradient) => gradient !== null);
        if (present.length === 0) return [...gradients];
        const factor = tf.div(maxNorm, tf.maximum(norm(present), maxNorm));
        return each(gradients, (gradient) => tf.mul(gradient, factor));
      },
    }),
});

const byValue = definePart({
  kind: 'base-optimizer',
  name: 'clip-by-value',
  owner: 'clipByValue',
  doc: 'Any optimizer, each entry of its gradient cut to a largest size',
  options: { ...valueOptions, ...wrappedBase },
  create: ({ base, limit }) =>
    new WrappedOptimizer(base, {
      name: 'clip-by-value',
      owner: 'clipByValue',
      options: () => ({ limit }),
      gradients: (gradients) => each(gradients, (gradient) => clip(gradient, limit)),
    }),
});

type Clipping = ((base: tf.Optimizer, limit: number) => WrappedOptimizer) & Declaring<'base-optimizer'>;

/**
 * Scales the gradient down to a norm of `maxNorm` where it is longer, over all variables together.
 *
 *   g ← g · maxNorm / max(‖g‖, maxNorm)
 *
 * Inside a sharpness-aware optimizer and around one alike it clips the direction, never the gradient that the
 * perturbation is made of. A gradient that is not finite stays so: `onNonFinite: 'skip'` is for those.
 *
 * @param maxNorm - Number > 0, in units of the gradient.
 * @throws RangeError for a `maxNorm` out of its range; TypeError when `base` is no optimizer.
 * @see Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", algorithm 1.
 *   https://arxiv.org/abs/1211.5063
 */
export const clipByGlobalNorm: Clipping = declared(byGlobalNorm.part, (base: tf.Optimizer, maxNorm: number) =>
  byGlobalNorm({ base, maxNorm }),
);

/**
 * Cuts every entry of the gradient (of the direction, for a sharpness-aware optimizer) to [−limit, limit]. A NaN stays.
 *
 * @param limit - Number > 0, in units of the gradient.
 * @throws RangeError for a `limit` out of its range; TypeError when `base` is no optimizer.
 */
export const clipByValue: Clipping = declared(byValue.part, (base: tf.Optimizer, limit: number) =>
  byValue({ base, limit }),
);

function clip(gradient: tf.Tensor, limit: number): tf.Tensor {
  // A NaN is cut to a number on wasm: the training would go astray without a word.
  return tf.where(tf.isNaN(gradient), gradient, tf.clipByValue(gradient, -limit, limit));
}

function each(gradients: readonly MaybeGradient[], f: (gradient: tf.Tensor) => tf.Tensor): MaybeGradient[] {
  return gradients.map((gradient) => gradient && f(gradient));
}
