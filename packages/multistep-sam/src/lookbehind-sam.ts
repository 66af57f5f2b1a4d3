import * as tf from '@tensorflow/tfjs-core';
import {
  anyOf,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  dot,
  integer,
  map,
  norm,
  number,
  type OptionsOf,
  oneOf,
  type ParamVector,
  perturbationOptions,
  radius,
  type SharpnessRule,
  scale,
  spread,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { ascents } from './ascents.js';

const options = {
  rho: radius({ default: 0.5, doc: "Radius ρ of each ascent in the metric's norm" }),
  k: integer({ min: 1, default: 5, doc: 'Number k of ascents, and of updates by the base optimizer' }),
  alpha: anyOf(
    [
      number({ min: 0, max: 1, doc: 'the same for all variables' }),
      oneOf(['adaptive'], { doc: 'of each variable, from the angle of its first and whole move' }),
    ],
    { default: 0.5, doc: 'Share α of the way to the fast weights that is gone' },
  ),
  ...perturbationOptions,
};

/** Options of `lookbehindSam`. */
export interface LookbehindSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'lookbehind-sam': VariantConfig<typeof options>;
  }
}

/**
 * Lookbehind-SAM: climbs k times, descends from the weights once at each point, and goes a part of the way to where these
 * descents lead.
 *
 *   y₀ = f₀ = θ;   yᵢ = yᵢ₋₁ + ρ gᵢ₋₁ / ‖gᵢ₋₁‖,   gᵢ = ∇L(yᵢ),   fᵢ = Base(fᵢ₋₁, gᵢ), i = 1 … k;   θ ← θ + α (f_k − θ)
 *
 * 'adaptive': α = (cos(f₁ − θ, f_k − θ) + 1)/2 of each variable. The base optimizer updates k times a step, and its state
 * goes on from one update to the next: its weight decay sees the fast weights, its schedule counts updates. The published
 * code evaluates 2k gradients, of which k − 1 twice. Offers no gradients to `computeGradients`, as it moves the weights
 * itself. k = 1 and α = 1 is plain SAM. Cost: k extra gradients, all held at once.
 *
 * @throws RangeError when `rho` is negative or not finite, `k` no integer >= 1 or `alpha` outside [0, 1]; TypeError when a
 *   part is not of its kind.
 * @see Mordido et al. 2024, "Lookbehind-SAM: k steps back, 1 step forward". https://arxiv.org/abs/2307.16704
 */
export const lookbehindSam: Variant<LookbehindSamOptions> = defineVariant({
  name: 'lookbehind-sam',
  doc: 'Climbs k times, descends once at each point, and goes a part of the way',
  use: 'Where several gradients a step are affordable: it descends once at each of the points it climbs through',
  source: 'Mordido et al. 2024, arXiv 2307.16704',
  gradients: ({ k }) => k + 1,
  options,
  rule: ({ k, alpha, ...given }): SharpnessRule => {
    const perturb = composePerturbation({ ...given, name: 'lookbehind-sam' });
    return {
      name: 'lookbehind-sam',
      direction: (oracle) => {
        const { loss } = oracle.evaluate();
        const slow = oracle.variables.map((variable) => tf.clone(variable as tf.Tensor));
        // All ascents start from θ, whatever the descents do: they come first.
        const climb = ascents(oracle, perturb);
        climb.next();
        const gradients = Array.from({ length: k }, () => climb.next().value.evaluation.gradient);
        return {
          loss,
          direction: gradients.at(-1)!,
          preceding: gradients.slice(0, -1),
          ...(alpha !== 1 && { correction: (fast, first) => back(slow, fast, alpha, first) }),
        };
      },
    };
  },
});

/** From the fast weights to θ + α (f − θ): (1 − α)(θ − f). */
function back(
  slow: ParamVector,
  fast: readonly tf.Variable[],
  alpha: number | 'adaptive',
  first: ParamVector,
): ParamVector {
  return map(slow, (start, i) => {
    const move = tf.sub(fast[i]!, start);
    if (alpha !== 'adaptive') return tf.mul(move, alpha - 1);
    const share = tf.div(tf.add(cosine(tf.sub(first[i]!, start), move), 1), 2);
    return tf.mul(move, spread(tf.sub(share, 1), move));
  });
}

/** The cosine of an angle, from unit vectors; 0 where one of them is zero. */
function cosine(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const unit = (x: tf.Tensor) => scale(tf.divNoNan(1, norm([x])), [x]);
  return dot(unit(a), unit(b));
}
