import * as tf from '@tensorflow/tfjs-core';
import {
  type ConfigOf,
  definePart,
  map,
  type OptionsOf,
  type ParamVector,
  type PartFunction,
  type PerturbationFilter,
} from '@tfjs-sam/core';
import { fisherScores, refreshOptions, scoreOptions, sparsityOptions } from './fisher-scores.js';
import { maskFilter } from './mask-filter.js';
import { keepCount, topOf } from './top.js';

const options = { ...sparsityOptions, ...refreshOptions, ...scoreOptions };

/** Options of `structuredMask`. */
export interface StructuredMaskOptions extends OptionsOf<typeof options> {}

declare module '@tfjs-sam/core' {
  interface FilterConfigs {
    'structured-mask': ConfigOf<typeof options>;
  }
}

/**
 * Whole output channels move or rest: the slices along the last axis of every variable (`[in, out]` of a dense kernel,
 * `[height, width, in, out]` of a convolution's, single entries of a bias), ranked by Fisher information.
 *
 *   δ ← m ⊙ δ,  m = 1 on the ⌊c (1 − sparsity)⌋ (at least one) of the c channels with the largest Σ F,
 *   in each variable by itself
 *
 * Ranking per variable is ours: ranked together, the many small channels of biases would crowd out the kernels'.
 *
 * @throws RangeError and TypeError as `fisherMask`.
 * @see Mi et al. 2023, "Systematic Investigation of Sparse Perturbed Sharpness-Aware Minimization Optimizer"
 *   (structured patterns). https://arxiv.org/abs/2306.17504
 */
export const structuredMask: PartFunction<StructuredMaskOptions, PerturbationFilter, 'filter'> = definePart({
  kind: 'filter',
  name: 'structured-mask',
  owner: 'structuredMask',
  doc: 'Whole output channels move or rest',
  source: 'Mi et al. 2023, arXiv 2306.17504',
  options,
  create: ({ sparsity, refreshEvery, ...scoring }) =>
    maskFilter({
      name: 'structured-mask',
      current: (context, previous) =>
        previous && context.oracle.step % refreshEvery !== 0
          ? previous
          : channelMask(fisherScores('structuredMask', context, scoring), 1 - sparsity),
    }),
});

function channelMask(roots: ParamVector, share: number): ParamVector {
  return map(roots, (root) => {
    const channels = root.shape[root.rank - 1] ?? 1;
    // Channels are few: none is lost to rounding.
    const mask = topOf(channelScores(tf.reshape(root, [-1, channels])), keepCount(channels * share + 1e-6));
    return tf.mul(tf.onesLike(root), root.rank === 0 ? tf.reshape(mask, []) : mask);
  });
}

/** √Σ F of each column, the largest root factored out. */
function channelScores(root: tf.Tensor): tf.Tensor {
  const largest = tf.max(root);
  return tf.sqrt(tf.sum(tf.square(tf.divNoNan(root, largest)), 0));
}
