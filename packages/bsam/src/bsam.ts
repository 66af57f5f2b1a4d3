import type * as tf from '@tensorflow/tfjs-core';
import {
  type Checked,
  type ConfigOf,
  configOf,
  type DriverOptions,
  definePart,
  driverOptions,
  type OptionsOf,
  type PartFunction,
  pick,
  SharpnessAwareOptimizer,
  schedule,
  sgd,
} from '@tfjs-sam/core';
import { bsamRule, ruleOptions } from './rule.js';

const own = { learningRate: schedule({ default: 0.5, doc: 'Step size lr' }), ...ruleOptions };
const options = { ...own, ...driverOptions };

/** Options of `bsam`. */
export interface BsamOptions extends OptionsOf<typeof own>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    bsam: ConfigOf<typeof options>;
  }
}

/** The driver around SGD, which makes θ − lr · direction; the configuration tells of no base optimizer. */
class BsamOptimizer extends SharpnessAwareOptimizer {
  /** The learning rate as it was given, in plain JSON. */
  readonly #given: unknown;

  constructor(checked: Checked<typeof options>) {
    const { learningRate } = checked;
    const config = configOf(options, checked);
    super(sgd({ learningRate }), bsamRule(checked), pick(checked, driverOptions), {
      ...config,
      name: 'bsam',
    });
    this.#given = config.learningRate;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { base: _, ...mine } = super.getConfig();
    // `setLearningRate` changes that of SGD.
    const learningRate = this.base.getConfig().learningRate!;
    return learningRate === this.#given ? mine : { ...mine, learningRate };
  }
}

/**
 * bSAM: learns a Gaussian over the weights, of mean θ and variances 1/(N s), by variational Bayes whose expected loss is
 * relaxed to a maximum as in SAM. A complete optimizer of its own, in Adam's manner: no base.
 *
 *   g₁ = ∇L(θ + z/√(N s)), z ~ N(0, I);   g₂ = ∇L(θ + ρ g₁/s);   products and roots elementwise
 *   m ← β₁ m + (1 − β₁)(g₂ + wd θ);   θ ← θ − lr m/s;   s ← β₂ s + (1 − β₂)(√s |g₁| + damping + wd)
 *
 * The loss that `minimize` reports is that at θ + z/√(N s), whose evaluation also moves batch normalisation: no
 * evaluation is at θ itself. `minimizeOver` with perturbations of their own draws a z for each micro-batch and averages
 * g₂ and √s|g₁|. Name the variables in `minimize` where others live beside them: the draws are for all that it may move.
 *
 * Cost: two gradients a step. Memory: two vectors of the weights' size.
 *
 * @throws RangeError when a number is out of its range, `numData` left out among them; TypeError when `sampler` is no
 *   function or a schedule none.
 * @see Möllenhoff and Khan 2023, "SAM as an Optimal Relaxation of Bayes". https://arxiv.org/abs/2210.01620
 * @example model.compile({ optimizer: bsam({ learningRate: 0.5, numData: 50_000 }), loss: 'categoricalCrossentropy' })
 */
export const bsam: PartFunction<BsamOptions, SharpnessAwareOptimizer, 'variant'> = definePart({
  kind: 'variant',
  name: 'bsam',
  doc: 'bSAM: SAM as a relaxation of variational Bayes, with a variance for every weight; no base',
  use: 'Where an uncertainty of the weights is wanted as well; it replaces the base optimizer',
  source: 'Möllenhoff and Khan 2023, arXiv 2210.01620',
  gradients: 2,
  options,
  create: (checked): SharpnessAwareOptimizer => new BsamOptimizer(checked),
});
