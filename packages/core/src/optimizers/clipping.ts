import * as tf from '@tensorflow/tfjs-core';
import { norm } from '../algebra/vector.js';
import { registerFactory } from '../declare/config.js';
import { requirePositive } from '../declare/errors.js';
import { baseOf } from './nested.js';
import { WrappedOptimizer } from './wrapped.js';
import type { MaybeGradient } from './wrapping.js';

const [GLOBAL_NORM, VALUE] = ['clip-by-global-norm', 'clip-by-value'] as const;

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
export function clipByGlobalNorm(base: tf.Optimizer, maxNorm: number): WrappedOptimizer {
  requirePositive('clipByGlobalNorm', 'maxNorm', maxNorm);
  return new WrappedOptimizer(base, {
    name: GLOBAL_NORM,
    owner: 'clipByGlobalNorm',
    options: () => ({ maxNorm }),
    gradients: (gradients) => {
      const present = gradients.filter((gradient) => gradient !== null);
      if (present.length === 0) return [...gradients];
      const factor = tf.div(maxNorm, tf.maximum(norm(present), maxNorm));
      return each(gradients, (gradient) => tf.mul(gradient, factor));
    },
  });
}

/**
 * Cuts every entry of the gradient (of the direction, for a sharpness-aware optimizer) to [−limit, limit]. A NaN stays.
 *
 * @param limit - Number > 0, in units of the gradient.
 * @throws RangeError for a `limit` out of its range; TypeError when `base` is no optimizer.
 */
export function clipByValue(base: tf.Optimizer, limit: number): WrappedOptimizer {
  requirePositive('clipByValue', 'limit', limit);
  return new WrappedOptimizer(base, {
    name: VALUE,
    owner: 'clipByValue',
    options: () => ({ limit }),
    gradients: (gradients) => each(gradients, (gradient) => clip(gradient, limit)),
  });
}

function clip(gradient: tf.Tensor, limit: number): tf.Tensor {
  // A NaN is cut to a number on wasm: the training would go astray without a word.
  return tf.where(tf.isNaN(gradient), gradient, tf.clipByValue(gradient, -limit, limit));
}

function each(gradients: readonly MaybeGradient[], f: (gradient: tf.Tensor) => tf.Tensor): MaybeGradient[] {
  return gradients.map((gradient) => gradient && f(gradient));
}

registerFactory('base-optimizer', GLOBAL_NORM, ({ base, maxNorm }) =>
  clipByGlobalNorm(baseOf(base), maxNorm as number),
);
registerFactory('base-optimizer', VALUE, ({ base, limit }) => clipByValue(baseOf(base), limit as number));
