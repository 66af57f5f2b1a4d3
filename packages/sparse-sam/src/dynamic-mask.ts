import * as tf from '@tensorflow/tfjs-core';
import {
  add,
  type ConfigOf,
  definePart,
  drawOptions,
  integer,
  map,
  number,
  type OptionsOf,
  oneOf,
  type ParamVector,
  type PartFunction,
  type PerturbationFilter,
  seededSampler,
  zip,
} from '@tfjs-sam/core';
import { refreshOptions, sparsityOptions } from './fisher-scores.js';
import { type MaskContext, maskFilter } from './mask-filter.js';
import { keepCount, sizeOf, topMask } from './top.js';

/** The figure that coordinates are ranked by: |g|, |θ + δ| or a random number. */
export type MaskStrategyName = (typeof strategies)[number];

const strategies = ['gradient', 'weight', 'random'] as const;

/** Options of `dynamicMask`. */
export const dynamicMaskOptions = {
  ...sparsityOptions,
  dropRate: number({
    min: 0,
    max: 1,
    default: 0.5,
    doc: 'Share of the moving coordinates that the first refresh drops',
  }),
  dropStrategy: oneOf(strategies, {
    default: 'gradient',
    doc: 'Measure by which the largest moving coordinates stay',
  }),
  growthStrategy: oneOf(strategies, {
    default: 'random',
    doc: 'Measure by which the largest resting coordinates start to move',
  }),
  totalRefreshes: integer({
    min: 1,
    default: 200,
    doc: 'Refreshes over which the drop rate falls to 0 along half a cosine; none is dropped from then on',
  }),
  ...refreshOptions,
  ...drawOptions({
    of: 'random scores',
    note: 'in the first step, draw 0 ranks the initial mask; then come, in each refresh, one draw for a random drop and one for a random growth',
  }),
};

/** Options of `dynamicMask`. */
export interface DynamicMaskOptions extends OptionsOf<typeof dynamicMaskOptions> {}

declare module '@tfjs-sam/core' {
  interface FilterConfigs {
    'dynamic-mask': ConfigOf<typeof dynamicMaskOptions>;
  }
}

/**
 * SSAM-D: a mask that starts at random, and at every refresh stops some coordinates and starts others.
 *
 *   d_r = dropRate (1 + cos(π r/totalRefreshes))/2  at refresh r
 *   keep ⌊n(1 − s)(1 − d_r)⌋ of those that move, start ⌊min(n(1 − s) d_r, n s)⌋ of those that rest
 *
 * The scores see g at θ and the weights at θ + δ; the new mask is used from the next step on, all as in the published
 * code. Below s = 0.5 fewer coordinates may rest than are dropped: then fewer than n(1 − s) move for a while. Cost:
 * nothing but the ranking (two `tf.topk` per refresh).
 *
 * @throws RangeError when an option is out of its range; TypeError when `sampler` is not a function.
 * @see Mi et al. 2022, "Make Sharpness-Aware Minimization Stronger: A Sparsified Perturbation Approach",
 *   SSAM-D. https://arxiv.org/abs/2210.05177
 */
export const dynamicMask: PartFunction<DynamicMaskOptions, PerturbationFilter, 'filter'> = definePart({
  kind: 'filter',
  name: 'dynamic-mask',
  owner: 'dynamicMask',
  doc: 'A mask that drops and grows coordinates',
  source: 'Mi et al. 2022, arXiv 2210.05177',
  options: dynamicMaskOptions,
  create: ({ sparsity, dropRate, dropStrategy, growthStrategy, refreshEvery, totalRefreshes, ...draws }) => {
    const draw = draws.sampler ?? seededSampler('uniform', draws.seed);
    const random = ({ gradient, oracle }: MaskContext, index: number) =>
      draw(
        gradient.map(({ shape }) => shape),
        oracle.step,
        index,
      );
    return maskFilter({
      name: 'dynamic-mask',
      current: (context, previous) =>
        previous ?? topMask(random(context, 0), initialCount(sizeOf(context.gradient), sparsity)),
      next: (context, mask, perturbation) => {
        const { step } = context.oracle;
        if (step % refreshEvery !== 0) return undefined;
        const progress = Math.min(step / refreshEvery / totalRefreshes, 1);
        const rate = (dropRate * (1 + Math.cos(Math.PI * progress))) / 2;
        // The initial mask, drawn at step 0, took the first draw.
        let index = step === 0 ? 1 : 0;
        const score = (name: MaskStrategyName) =>
          name === 'random' ? random(context, index++) : scoreOf(name, context, perturbation);
        return regrow(mask, score(dropStrategy), score(growthStrategy), counts(sizeOf(mask), sparsity, rate));
      },
    });
  },
});

function scoreOf(
  name: 'gradient' | 'weight',
  { gradient, oracle }: MaskContext,
  perturbation: ParamVector,
): ParamVector {
  const signed = name === 'gradient' ? gradient : add(perturbation, oracle.variables);
  return map(signed, (tensor) => tf.abs(tensor));
}

/** The number of n coordinates that move at first; rounded as published. */
const initialCount = (n: number, sparsity: number) => keepCount(n - Math.ceil(n * sparsity));

/** The numbers of n coordinates that stay and that start; truncated as published. */
function counts(n: number, sparsity: number, rate: number) {
  const moving = n - n * sparsity;
  return {
    keep: keepCount(moving * (1 - rate)),
    grow: Math.floor(Math.min(moving * rate, n * sparsity)),
  };
}

/** The next mask. What may not be chosen ranks below every score, however small: the published code adds 1e-7 for it. */
function regrow(
  mask: ParamVector,
  dropScores: ParamVector,
  growthScores: ParamVector,
  { keep, grow }: { readonly keep: number; readonly grow: number },
): ParamVector {
  return tf.tidy(() => {
    const kept = topMask(zip(dropScores, mask, among), keep);
    const resting = zip(mask, kept, (moves, stays) => tf.sub(1, tf.maximum(moves, stays)));
    return add(topMask(zip(growthScores, resting, among), grow), kept);
  });
}

function among(scores: tf.Tensor, eligible: tf.Tensor): tf.Tensor {
  return tf.where(tf.cast(eligible, 'bool'), scores, tf.fill(scores.shape, -1));
}
