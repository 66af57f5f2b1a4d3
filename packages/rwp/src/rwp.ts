import {
  axpy,
  type Checked,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  drawOptions,
  type GradientOracle,
  integer,
  nonNegativeAt,
  number,
  type OptionsOf,
  perturbationOptions,
  radius,
  requireOneRadius,
  type SharpnessRule,
  scale,
  schedule,
  seededSampler,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { filterNoise } from './filter-noise.js';

const draws = drawOptions({
  of: 'standard normal noise',
  note: 'draw `index` is the `index`th point of the step',
});
const gamma = schedule({ default: 0.01, doc: 'Standard deviation γ of the noise, in norms of the weights' });

const rwpOptions = { gamma, ...draws };
const mRwpOptions = {
  gamma,
  alpha: number({ min: 0, max: 1, default: 0.5, doc: 'Share α of the gradient beside the weights' }),
  ...draws,
};
const lpfOptions = {
  gamma,
  samples: integer({ min: 1, default: 8, doc: 'Number n of points, the gradients of which are averaged' }),
  ...draws,
};
const rSamOptions = { rho: radius({ default: 0.05 }), gamma, ...draws, ...perturbationOptions };

/** Options of `rwp`. */
export interface RwpOptions extends OptionsOf<typeof rwpOptions>, DriverOptions {}
/** Options of `mRwp`. */
export interface MRwpOptions extends OptionsOf<typeof mRwpOptions>, DriverOptions {}
/** Options of `lpfSgd`. */
export interface LpfSgdOptions extends OptionsOf<typeof lpfOptions>, DriverOptions {}
/** Options of `rSam`. */
export interface RSamOptions extends OptionsOf<typeof rSamOptions>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    rwp: VariantConfig<typeof rwpOptions>;
    'm-rwp': VariantConfig<typeof mRwpOptions>;
    'lpf-sgd': VariantConfig<typeof lpfOptions>;
    'r-sam': VariantConfig<typeof rSamOptions>;
  }
}

/** The noise of a step's point, of the variables as they are when it is drawn. */
function noiseOf(owner: string, { gamma, seed, sampler }: Checked<typeof rwpOptions>) {
  const draw = sampler ?? seededSampler('gaussian', seed);
  return ({ variables, step }: GradientOracle, index: number) =>
    filterNoise(variables, nonNegativeAt(owner, 'gamma', gamma, step), draw, step, index);
}

/**
 * RWP: random weight perturbation, which descends the loss of noisy weights: one gradient a step.
 *
 *   direction = ∇L(θ + γ s z),   z ~ N(0, I),   s = ‖an output's weights‖ of kernels, ‖vector‖ of vectors
 *
 * The loss that `minimize` reports is that of the noisy weights; batch normalisation moves by that evaluation. Without
 * `varList` every trainable variable draws, also one that the loss does not reach. Cost: no extra gradient.
 *
 * @throws RangeError when `gamma` is negative or not finite.
 * @see Li et al. 2024, "Revisiting Random Weight Perturbation for Efficiently Improving Generalization".
 *   https://arxiv.org/abs/2404.00357
 */
export const rwp: Variant<RwpOptions> = defineVariant({
  name: 'rwp',
  doc: 'Descends the loss of noisy weights: one gradient a step',
  use: 'Where there is no time for a second gradient and noise will do in place of the worst point',
  source: 'Li et al. 2024, arXiv 2404.00357',
  gradients: 1,
  options: rwpOptions,
  rule: (given): SharpnessRule => {
    const noise = noiseOf('rwp', given);
    return {
      name: 'rwp',
      direction: (oracle) => {
        requireOneRadius('rwp');
        const { loss, gradient } = oracle.evaluate({ perturbation: noise(oracle, 0) });
        return { loss, direction: gradient };
      },
    };
  },
});

/**
 * m-RWP: descends a mixture of the loss and that of noisy weights, whose gradients do not wait for one another.
 *
 *   direction = (1 − α) ∇L(θ) + α ∇L(θ + γ s z),   z ~ N(0, I), s as of `rwp`
 *
 * Both gradients are of one batch; the published code takes two. Cost: one extra gradient.
 *
 * @throws RangeError when `gamma` is negative or not finite or `alpha` outside [0, 1].
 * @see Li et al. 2024, "Revisiting Random Weight Perturbation for Efficiently Improving Generalization".
 *   https://arxiv.org/abs/2404.00357
 */
export const mRwp: Variant<MRwpOptions> = defineVariant({
  name: 'm-rwp',
  doc: 'Descends a mixture of the loss and that of noisy weights',
  use: 'Where noise should weigh less than all: a share of the direction is the gradient at the weights themselves',
  source: 'Li et al. 2024, arXiv 2404.00357',
  gradients: 2,
  options: mRwpOptions,
  rule: ({ alpha, ...given }): SharpnessRule => {
    const noise = noiseOf('m-rwp', given);
    return {
      name: 'm-rwp',
      direction: (oracle) => {
        requireOneRadius('m-rwp');
        const { loss, gradient } = oracle.evaluate();
        const { gradient: noisy } = oracle.evaluate({ perturbation: noise(oracle, 0) });
        return { loss, direction: axpy(alpha, noisy, scale(1 - alpha, gradient)) };
      },
    };
  },
});

/**
 * LPF-SGD: descends the loss as a low-pass filter sees it, by the mean gradient of several noisy points.
 *
 *   direction = (1/n) Σᵢ ∇L(θ + γ s zᵢ),   zᵢ ~ N(0, I), s as of `rwp`
 *
 * The paper lets γ grow over the training: it takes a schedule. The loss that `minimize` reports is that of the first
 * point. Cost: n gradients in place of one.
 *
 * @throws RangeError when `gamma` is negative or not finite or `samples` no integer >= 1.
 * @see Bisla et al. 2022, "Low-Pass Filtering SGD for Recovering Flat Optima in the Deep Learning Optimization Landscape".
 *   https://arxiv.org/abs/2201.08025
 */
export const lpfSgd: Variant<LpfSgdOptions> = defineVariant({
  name: 'lpf-sgd',
  doc: 'Descends the mean loss of several noisy points',
  use: 'Where many gradients a step are affordable and flatness on average is wanted, not in the worst direction',
  source: 'Bisla et al. 2022, arXiv 2201.08025',
  gradients: ({ samples }) => samples,
  options: lpfOptions,
  rule: ({ samples, ...given }): SharpnessRule => {
    const noise = noiseOf('lpf-sgd', given);
    return {
      name: 'lpf-sgd',
      direction: (oracle) => {
        requireOneRadius('lpf-sgd');
        const first = oracle.evaluate({ perturbation: noise(oracle, 0) });
        let mean = scale(1 / samples, first.gradient);
        for (let i = 1; i < samples; i++) {
          const { gradient } = oracle.evaluate({ perturbation: noise(oracle, i) });
          mean = axpy(1 / samples, gradient, mean);
        }
        return { loss: first.loss, direction: mean };
      },
    };
  },
});

/**
 * R-SAM: random smoothing of the ascent, whose gradient is taken at noisy weights.
 *
 *   g = ∇L(θ + γ s z),   z ~ N(0, I), s as of `rwp`;   δ = ρ g / ‖g‖;   direction = ∇L(θ + δ)
 *
 * The loss that `minimize` reports is that of the noisy weights; batch normalisation moves by that evaluation. Cost: one
 * extra gradient.
 *
 * @throws RangeError when `rho` or `gamma` is negative or not finite; TypeError when a part is not of its kind.
 * @see Liu et al. 2022, "Random Sharpness-Aware Minimization", NeurIPS, by its abstract.
 */
export const rSam: Variant<RSamOptions> = defineVariant({
  name: 'r-sam',
  doc: 'SAM whose ascent takes the gradient at noisy weights',
  use: 'Where the gradient that is climbed should be that of randomly moved weights',
  source: 'Liu et al. 2022, NeurIPS',
  gradients: 2,
  options: rSamOptions,
  rule: ({ rho, metric, filter, ascent, ...given }): SharpnessRule => {
    const noise = noiseOf('r-sam', given);
    const perturb = composePerturbation({ rho, metric, filter, ascent, name: 'r-sam' });
    return {
      name: 'r-sam',
      direction: (oracle) => {
        const { loss, gradient } = oracle.evaluate({ perturbation: noise(oracle, 0) });
        const { gradient: direction } = oracle.evaluate({ perturbation: perturb(gradient, oracle) });
        return { loss, direction };
      },
    };
  },
});
