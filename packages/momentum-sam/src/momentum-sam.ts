import * as tf from '@tensorflow/tfjs-core';
import {
  axpy,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  type GradientOracle,
  map,
  type OptionsOf,
  type ParamVector,
  perturbationOptions,
  radius,
  type SharpnessRule,
  scalePerturbation,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const { ascent: _, ...measured } = perturbationOptions;
const options = {
  rho: radius({ default: 0.3, doc: "Radius ρ in the metric's norm, the paper's scale: several times SAM's" }),
  ...measured,
};

/** Options of `momentumSam`. */
export interface MomentumSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'momentum-sam': VariantConfig<typeof options>;
  }
}

/** The last step's decayed gradient, where the base optimizer remembers none. */
const PREVIOUS = 'momentum-sam-previous';

/**
 * Momentum-SAM: perturbs along the base optimizer's momentum, which is there already: SAM at the cost of one gradient.
 *
 *   δ = −ρ v / ‖v‖,   direction = ∇L(θ + δ);   δ = 0 in the first step
 *
 * v is the base's momentum buffer or first moment before the step (Adam's without bias correction), or for a base without
 * one the last step's gradient, weight decay included. The sign is that of the published code: ahead on the way down, as
 * in Nesterov's method. The loss that `minimize` reports is that at θ + δ; batch normalisation moves by that evaluation.
 *
 * Not to be confused with Monge SAM (`msam`), for which the name M-SAM stands as well. Memory: none beyond the base's.
 * Cost: no extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite; TypeError when a part is not of its kind.
 * @see Becker et al. 2024, "Momentum-SAM: Sharpness Aware Minimization without Computational Overhead".
 *   https://arxiv.org/abs/2401.12033
 */
export const momentumSam: Variant<MomentumSamOptions> = defineVariant({
  name: 'momentum-sam',
  doc: 'Perturbs along the base optimizer’s momentum: SAM at the cost of one gradient',
  use: 'Where there is no time for a second gradient and the base has momentum',
  source: 'Becker et al. 2024, arXiv 2401.12033',
  gradients: 1,
  options,
  rule: (given): SharpnessRule => {
    const perturb = composePerturbation({ ...given, name: 'momentum-sam' });
    return {
      name: 'momentum-sam',
      direction: (oracle) => {
        const momentum = momentumOf(oracle);
        const perturbation = momentum && scalePerturbation(-1, perturb(momentum, oracle));
        const { loss, gradient } = oracle.evaluate({ perturbation });
        remember(gradient, oracle);
        return { loss, direction: gradient };
      },
    };
  },
});

function momentumOf({ base, state, variables }: GradientOracle): ParamVector | undefined {
  const own = base.firstMoment(variables);
  if (own) return own;
  const previous = state.getEach(PREVIOUS);
  if (previous.every((entry) => entry === undefined)) return undefined;
  return map(variables, (variable, i) => previous[i] ?? tf.zerosLike(variable));
}

/** Keeps the decayed gradient for the next step where the base does not. */
function remember(gradient: ParamVector, { base, state, variables }: GradientOracle): void {
  if (base.momentum > 0 || base.firstMoment(variables)) state.delete(PREVIOUS);
  else state.set(PREVIOUS, base.weightDecay > 0 ? axpy(base.weightDecay, variables, gradient) : gradient);
}
