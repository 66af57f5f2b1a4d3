import * as tf from '@tensorflow/tfjs-core';
import {
  type ConfigOf,
  definePart,
  map,
  type OptionsOf,
  oneOf,
  type PartFunction,
  type PerturbationFilter,
} from '@tfjs-sam/core';
import { fisherScores, refreshOptions, scoreOptions, sparsityOptions } from './fisher-scores.js';
import { maskFilter } from './mask-filter.js';
import { keepCount, sizeOf, topMask } from './top.js';

/** Options of `fisherMask`. */
export const fisherMaskOptions = {
  ...sparsityOptions,
  initialMask: oneOf(['fisher', 'zeros', 'dense'], {
    default: 'fisher',
    doc: "The mask of the first step. 'fisher': computed at once, then at every `refreshEvery`-th step. 'zeros' and 'dense': nothing moves, or everything, in step 0; the mask is first computed at the weights that step 0 leads to, at step 1, then every `refreshEvery` steps. 'zeros' is what the published code does: its first step is no SAM step",
  }),
  ...refreshOptions,
  ...scoreOptions,
};

/** Options of `fisherMask`. */
export interface FisherMaskOptions extends OptionsOf<typeof fisherMaskOptions> {}

declare module '@tfjs-sam/core' {
  interface FilterConfigs {
    'fisher-mask': ConfigOf<typeof fisherMaskOptions>;
  }
}

/**
 * SSAM-F: only the coordinates with the largest Fisher information move.
 *
 *   δ ← m ⊙ δ,  m = 1 at the ⌊n (1 − sparsity)⌋ largest of F = Σ_i (∇L_i(θ))²,  all n coordinates ranked together
 *
 * The radius is not renormalised: ‖m ⊙ δ‖ <= ρ. The ranking is one `tf.topk` per refresh: it stays on the device
 * except on WebGL, where TensorFlow.js reads the scores back for more than 128 kept coordinates.
 *
 * Where the published code differs: it computes the first mask after the first step (`initialMask: 'zeros'`), and adds
 * a stale gradient to the first example's.
 *
 * @throws RangeError when `sparsity` is not in [0, 1), `samples` or `refreshEvery` no integer >= 1 or `initialMask`
 *   unknown; TypeError when `perExample` is not a function; at a refresh, RangeError when it gives no loss.
 * @see Mi et al. 2022, "Make Sharpness-Aware Minimization Stronger: A Sparsified Perturbation Approach",
 *   SSAM-F. https://arxiv.org/abs/2210.05177
 */
export const fisherMask: PartFunction<FisherMaskOptions, PerturbationFilter, 'filter'> = definePart({
  kind: 'filter',
  name: 'fisher-mask',
  owner: 'fisherMask',
  doc: 'The coordinates of the largest Fisher information move',
  source: 'Mi et al. 2022, arXiv 2210.05177',
  options: fisherMaskOptions,
  create: ({ sparsity, initialMask, refreshEvery, ...scoring }) => {
    const atOnce = initialMask === 'fisher';
    const due = (step: number) =>
      atOnce ? step % refreshEvery === 0 : step > 0 && (step - 1) % refreshEvery === 0;
    return maskFilter({
      name: 'fisher-mask',
      current: (context, previous) => {
        const { gradient, oracle } = context;
        if (due(oracle.step) || (atOnce && !previous)) {
          const scores = fisherScores('fisherMask', context, scoring);
          return topMask(scores, keepCount(sizeOf(gradient) * (1 - sparsity)));
        }
        return previous ?? map(gradient, ({ shape }) => tf.fill(shape, initialMask === 'dense' ? 1 : 0));
      },
    });
  },
});
