import {
  boolean,
  code,
  compose,
  type DriverOptions,
  defineVariant,
  integer,
  intermittent,
  number,
  type OptionsOf,
  radius,
  type SharpnessRule,
  schedule,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { atRandom, uniformOf, whereUnusual, windowOptions, within } from './gates.js';

const rho = radius({ default: 0.05 });

const aeOptions = {
  rho,
  delta: number({ min: 0, below: 1, default: 0.9, doc: 'Decay δ of the statistics' }),
  lambda1: number({ default: -1, doc: 'Threshold at the end of the training, in standard deviations' }),
  lambda2: number({ default: 1, doc: 'Threshold at its beginning, in standard deviations' }),
  totalSteps: integer({
    min: 1,
    default: 10_000,
    unit: 'steps',
    doc: 'Length of the training, over which the threshold moves; it stays from then on (ours: the paper has its own)',
  }),
  lag: boolean({
    default: true,
    doc: 'Lets the last step decide, which spares the second gradient once its decision has come from the device; else each step for itself, as in the paper, which costs both gradients in every step',
  }),
  initialVariance: number({ min: 0, default: Math.exp(-10), doc: 'Variance before the first step' }),
  ...strategyOptions,
};
const rstOptions = {
  rho,
  probability: schedule({
    default: 0.5,
    doc: 'Probability of a sharpness-aware step; 1 and above is always',
  }),
  seed: integer({ default: 0, doc: 'Seed of the uniform numbers that decide' }),
  draw: code<(step: number) => number>()({
    expected: 'a function (step) => number in [0, 1)',
    optional: 'the seed',
    doc: 'Draws the uniform numbers in place of the seed',
  }),
  ...strategyOptions,
};
const periodicOptions = { rho, ...windowOptions, ...strategyOptions };

/** Options of `aeSam`. */
export interface AeSamOptions extends OptionsOf<typeof aeOptions>, DriverOptions {}
/** Options of `rstSam`. */
export interface RstSamOptions extends OptionsOf<typeof rstOptions>, DriverOptions {}
/** Options of `periodicSam`. */
export interface PeriodicSamOptions extends OptionsOf<typeof periodicOptions>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'ae-sam': VariantConfig<typeof aeOptions>;
    'rst-sam': VariantConfig<typeof rstOptions>;
    'periodic-sam': VariantConfig<typeof periodicOptions>;
  }
}

/**
 * AE-SAM: takes SAM's step where the gradient is unusually large, else the base optimizer's.
 *
 *   μ ← δ μ + (1 − δ) ‖g‖²,   σ² ← δ σ² + (1 − δ) (‖g‖² − μ)²;   c from λ₂ to λ₁ along a line
 *   SAM where ‖g‖² ≥ μ + c σ, else the direction is g
 *
 * With `lag` (default) step t does what step t − 1 found, so that its second gradient is spared; nothing waits for the
 * device: where a decision has not come yet, as in a loop that never yields, both gradients are computed and one is
 * chosen there, with the same result. `StepReport.isActive` tells which steps were SAM's. Cost: one extra gradient or none.
 *
 * @throws RangeError when an option is out of its range; TypeError when a part is not of its kind.
 * @see Jiang et al. 2023, "An Adaptive Policy to Employ Sharpness-Aware Minimization". https://arxiv.org/abs/2304.14647
 */
export const aeSam: Variant<AeSamOptions> = defineVariant({
  name: 'ae-sam',
  doc: 'SAM where the gradient is unusually large, else the base optimizer',
  use: 'Where SAM is too slow: it spends the second gradient only on the steps that seem to need it',
  source: 'Jiang et al. 2023, arXiv 2304.14647',
  gradients: 2,
  options: aeOptions,
  rule: ({ delta, lambda1, lambda2, totalSteps, lag, initialVariance, ...given }): SharpnessRule => {
    const threshold = (step: number) => {
      const progress = Math.min(step / totalSteps, 1);
      return progress * lambda1 + (1 - progress) * lambda2;
    };
    return intermittent(
      compose({ ...given, name: 'ae-sam' }),
      whereUnusual({ delta, threshold, initialVariance, lag }),
    );
  },
});

/**
 * Randomised sharpness-aware training: a coin decides at each step between SAM's step and the base optimizer's.
 *
 *   SAM with the probability p(t), else the direction is g
 *
 * The same coins in every run of a seed, and in a resumed one. Cost: on average p extra gradients.
 *
 * @throws RangeError when an option is out of its range; TypeError when a part is not of its kind.
 * @see Zhao et al. 2022, "Randomized Sharpness-Aware Training for Boosting Computational Efficiency in Deep Learning".
 *   https://arxiv.org/abs/2203.09962
 */
export const rstSam: Variant<RstSamOptions> = defineVariant({
  name: 'rst-sam',
  doc: 'SAM with a probability, else the base optimizer',
  use: 'Where SAM is too slow and the cost must be known beforehand: the probability sets it',
  source: 'Zhao et al. 2022, arXiv 2203.09962',
  gradients: ({ probability }) => 1 + (typeof probability === 'number' ? Math.min(probability, 1) : 1),
  options: rstOptions,
  rule: ({ probability, seed, draw, ...given }): SharpnessRule =>
    intermittent(compose({ ...given, name: 'rst-sam' }), atRandom(probability, draw ?? uniformOf(seed))),
});

/**
 * SAM at every k-th step, or for a part of the training alone; the base optimizer's step at the others.
 *
 *   SAM at the steps from, from + every, … before until, else the direction is g
 *
 * `every: 1` without an end is SAM. Cost: 1/every extra gradients while it is on.
 *
 * @throws RangeError when an option is out of its range or `from` is not before `until`; TypeError when a part is not of
 *   its kind.
 */
export const periodicSam: Variant<PeriodicSamOptions> = defineVariant({
  name: 'periodic-sam',
  doc: 'SAM at every k-th step or for a part of the training, else the base optimizer',
  use: 'Where SAM is too slow, or to make only the end of a training sharpness-aware',
  gradients: ({ every }) => 1 + 1 / every,
  options: periodicOptions,
  rule: ({ every, from, until, ...given }): SharpnessRule =>
    intermittent(compose({ ...given, name: 'periodic-sam' }), within('periodic-sam', { every, from, until })),
});
