import * as tf from '@tensorflow/tfjs-core';
import {
  add,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  map,
  materialise,
  number,
  type OptionsOf,
  perturbationOptions,
  radius,
  type SharpnessRule,
  scale,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = {
  rho: radius({ default: 0.05 }),
  lookahead: number({
    min: 0,
    default: 1,
    unit: 'learning rates of the base optimizer',
    doc: 'Length of the look ahead along the last direction',
  }),
  ...perturbationOptions,
};

/** Options of `lookaheadSam`. */
export interface LookaheadSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'lookahead-sam': VariantConfig<typeof options>;
  }
}

/** dₜ₋₁, what the last step descended. */
const LAST = 'lookahead-sam-direction';

/**
 * Lookahead-SAM: looks for the perturbation where the last direction would lead, as optimistic gradient methods do.
 *
 *   y = θ − c lr dₜ₋₁;   δ = ρ ∇L(y) / ‖∇L(y)‖;   direction dₜ = ∇L(y + δ)
 *
 * The base optimizer moves θ, not y. The first step, and c = 0, are plain SAM's. Our reading of the paper's abstract, which
 * names extrapolation and the reuse of the last gradient; its pseudocode was not read. The loss that `minimize` reports is that
 * at y. Memory: one vector. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` or `lookahead` is negative or not finite; TypeError when a part is not of its kind.
 * @see Yu et al. 2024, "Improving Sharpness-Aware Minimization by Lookahead", ICML.
 */
export const lookaheadSam: Variant<LookaheadSamOptions> = defineVariant({
  name: 'lookahead-sam',
  doc: 'SAM that looks where the last direction would lead',
  use: 'Where the perturbation should be found where the last direction would lead, not where the weights are',
  source: 'Yu et al. 2024, ICML',
  gradients: 2,
  options,
  rule: ({ lookahead, ...given }): SharpnessRule => {
    const perturb = composePerturbation({ ...given, name: 'lookahead-sam' });
    return {
      name: 'lookahead-sam',
      direction: (oracle) => {
        const { state, base, variables } = oracle;
        const known = state.getEach(LAST);
        const isFirst = known.every((tensor) => tensor === undefined);
        const rate = base.learningRateOf?.(variables) ?? base.learningRate;
        const ahead =
          isFirst || lookahead === 0
            ? undefined
            : scale(
                -lookahead * rate,
                map(variables, (variable, i) => known[i] ?? tf.zerosLike(variable)),
              );
        const { loss, gradient } = oracle.evaluate({ perturbation: ahead });
        const climb = perturb(gradient, oracle);
        const perturbation = ahead ? add(materialise(climb), ahead) : climb;
        const { gradient: direction } = oracle.evaluate({ perturbation });
        state.set(LAST, direction);
        return { loss, direction };
      },
    };
  },
});
