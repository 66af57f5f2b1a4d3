import * as tf from '@tensorflow/tfjs-core';
import {
  type ConfigOf,
  definePart,
  integer,
  map,
  type OptionsOf,
  type ParamVector,
  type PartFunction,
  type PerturbationFilter,
} from '@tfjs-sam/core';
import { fisherScores, refreshOptions, scoreOptions } from './fisher-scores.js';
import { maskFilter } from './mask-filter.js';

/** The size of a group. */
export const groupSize = {
  m: integer({ min: 1, default: 4, doc: 'Size of a group of consecutive coordinates' }),
};

const options = {
  n: integer({ min: 1, default: 2, doc: 'Coordinates that move in each group, at most m' }),
  ...groupSize,
  ...refreshOptions,
  ...scoreOptions,
};

/** Options of `nmMask`. */
export interface NmMaskOptions extends OptionsOf<typeof options> {}

declare module '@tfjs-sam/core' {
  interface FilterConfigs {
    'nm-mask': ConfigOf<typeof options>;
  }
}

/**
 * N:M sparsity: of every m consecutive coordinates, the n with the largest Fisher information move.
 *
 * Groups run through each variable in memory order (row-major), so along its last axis, the output channels, first; the
 * last group of a variable may be shorter, and then keeps n too, or all it has. Ties go to the first. The ranking is
 * made of elementwise operations: it stays on the device on every backend, at m² comparisons per group.
 *
 * @throws RangeError when `n` is not an integer in [1, m] or `m` no integer >= 1; else as `fisherMask`.
 * @see Mi et al. 2023, "Systematic Investigation of Sparse Perturbed Sharpness-Aware Minimization Optimizer"
 *   (N:M patterns). https://arxiv.org/abs/2306.17504
 */
export const nmMask: PartFunction<NmMaskOptions, PerturbationFilter, 'filter'> = definePart({
  kind: 'filter',
  name: 'nm-mask',
  owner: 'nmMask',
  doc: 'n of every m consecutive coordinates move',
  source: 'Mi et al. 2023, arXiv 2306.17504',
  options,
  create: ({ n, m, refreshEvery, ...scoring }) => {
    if (n > m) throw new RangeError(`nmMask: expected n to be at most m, got ${n}:${m}`);
    return maskFilter({
      name: 'nm-mask',
      current: (context, previous) =>
        previous && context.oracle.step % refreshEvery !== 0
          ? previous
          : groupMask(fisherScores('nmMask', context, scoring), n, m),
    });
  },
});

function groupMask(scores: ParamVector, n: number, m: number): ParamVector {
  return map(scores, (tensor) => {
    const { size, shape } = tensor;
    const padded = Math.ceil(size / m) * m;
    // Padding ranks below every score.
    const flat = tf.pad(tf.reshape(tensor, [size]), [[0, padded - size]], -1);
    const kept = tf.less(ranksWithin(tf.reshape(flat, [padded / m, m])), n);
    return tf.reshape(tf.slice(tf.reshape(tf.cast(kept, 'float32'), [padded]), 0, size), shape);
  });
}

/** For each entry of `[groups, m]`, how many of its row come before it: the larger, and the equal with a lower index. */
function ranksWithin(groups: tf.Tensor): tf.Tensor {
  const m = groups.shape[1]!;
  const [self, other] = [tf.expandDims(groups, 2), tf.expandDims(groups, 1)];
  const index = tf.range(0, m, 1, 'float32');
  const earlier = tf.less(tf.expandDims(index, 0), tf.expandDims(index, 1));
  const before = tf.logicalOr(
    tf.greater(other, self),
    tf.logicalAnd(tf.equal(other, self), tf.expandDims(earlier, 0)),
  );
  return tf.sum(tf.cast(before, 'float32'), 2);
}
