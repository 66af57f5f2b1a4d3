import * as tf from '@tensorflow/tfjs-core';
import {
  composePerturbation,
  type DriverOptions,
  defineVariant,
  drawOptions,
  elementwise,
  type GradientOracle,
  map,
  materialise,
  nonNegativeAt,
  number,
  type OptionsOf,
  oneOf,
  type ParamVector,
  perturbationOptions,
  radius,
  requireLosses,
  type Sampler,
  type SharpnessRule,
  seededSampler,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { largest } from './selection.js';

const { ascent: _, ...shaped } = perturbationOptions;
const options = {
  rho: radius({ default: 0.05 }),
  beta: number({
    above: 0,
    max: 1,
    default: 0.6,
    doc: 'Share β of what climbs, by which the displacement is divided',
  }),
  gamma: number({ above: 0, max: 1, default: 0.5, doc: 'Share γ of the examples whose loss is descended' }),
  mask: oneOf(['weight', 'variable'], {
    default: 'weight',
    doc: 'The unit that climbs or rests: each weight (the paper), or each variable (the published code)',
  }),
  ...drawOptions({
    of: 'uniform numbers that decide what climbs: those up to β',
    note: "one per weight; with mask 'variable' one Scalar per variable, of which a step's decide the next one's mask",
  }),
  ...shaped,
};

/** Options of `esam`. */
export interface EsamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    esam: VariantConfig<typeof options>;
  }
}

/**
 * ESAM: a random part of the weights climbs, and only the examples whose loss rises most are descended.
 *
 *   δ = (ρ/β) m ⊙ g / ‖g‖,   m ~ Bernoulli(β);   S = the ⌊γ n⌋ examples with the largest ℓᵢ(θ + δ) − ℓᵢ(θ)
 *   direction = mean over S of ∇ℓᵢ(θ + δ)
 *
 * With mask 'variable' whole variables climb or rest, the norm is that of those that climb, and the first step has all of
 * them, as in the published code; its strict comparison, which loses one example, is not followed. Needs the losses of the
 * examples: a closure that returns them, [batch], or `exampleLoss(…)` in `model.compile`. Cost: one extra gradient and one
 * loss. The examples are weighed, not left out: their selection spares no time here.
 *
 * @throws RangeError when an option is out of its range; TypeError when a part is not of its kind. The step throws when the
 *   loss does not tell its examples'.
 * @see Du et al. 2022, "Efficient Sharpness-aware Minimization for Improved Training of Neural Networks".
 *   https://arxiv.org/abs/2110.03141
 */
export const esam: Variant<EsamOptions> = defineVariant({
  name: 'esam',
  doc: 'A random part of the weights climbs; the examples whose loss rises most are descended',
  use: 'Where examples differ much in how their loss rises; it spares no time here, since examples are weighed and not left out',
  source: 'Du et al. 2022, arXiv 2110.03141',
  gradients: 2,
  options,
  rule: ({ rho, beta, gamma, mask, seed, sampler, ...given }): SharpnessRule => {
    const draw = sampler ?? seededSampler('uniform', seed);
    const masked = mask === 'weight' ? weightMask(draw, beta) : variableMask(draw, beta);
    const perturb = composePerturbation({
      ...given,
      rho: (step) => nonNegativeAt('esam', 'rho', rho, step) / beta,
      ...(mask === 'variable' && { ascent: masked }),
      name: 'esam',
    });
    return {
      name: 'esam',
      direction: (oracle) => {
        const { gradient, ...at } = oracle.evaluate();
        const before = requireLosses('esam', at);
        const whole = materialise(perturb(gradient, oracle));
        const perturbation = mask === 'weight' ? masked(whole, oracle) : whole;
        const rise = tf.sub(oracle.losses({ perturbation }), before) as tf.Tensor1D;
        const chosen = oracle.evaluate({ perturbation, weights: largest(rise, gamma) });
        return { loss: at.loss, direction: chosen.gradient };
      },
    };
  },
});

/** Leaves each entry with probability β. */
function weightMask(draw: Sampler, beta: number) {
  return (vector: ParamVector, { step }: GradientOracle): ParamVector =>
    kept({
      vector,
      beta,
      number: draw(
        vector.map(({ shape }) => shape),
        step,
        0,
      ),
    })[0];
}

/** The entries whose number is at most β, else 0. */
const kept = elementwise<'vector' | 'number' | 'beta'>((o, { vector, number, beta }) => [
  o.mul(vector, o.sub(1, o.greater(number, beta))),
]);

/** Leaves each variable with probability β, as the numbers of the step before say; all in the first step. */
function variableMask(draw: Sampler, beta: number) {
  return (vector: ParamVector, { step }: GradientOracle): ParamVector => {
    if (step === 0) return vector;
    const numbers = draw(
      vector.map(() => []),
      step - 1,
      0,
    );
    return map(vector, (tensor, i) =>
      tf.where(tf.lessEqual(numbers[i]!, beta), tensor, tf.zerosLike(tensor)),
    );
  };
}
