import * as tf from '@tensorflow/tfjs-core';
import {
  add,
  axpy,
  choose,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  type GradientOracle,
  integer,
  materialise,
  nonNegativeAt,
  norm,
  number,
  type OptionsOf,
  type ParamVector,
  perturbationOptions,
  radius,
  requireOneRadius,
  type SharpnessRule,
  scale,
  schedule,
  sub,
  type Variant,
  type VariantConfig,
  valueAt,
} from '@tfjs-sam/core';

const options = {
  rho: radius({ default: 0.15, doc: "Length ρ of all ascents together in the metric's norm" }),
  steps: integer({ min: 1, default: 1, doc: 'Number n of ascents, of length ρ/n each' }),
  alpha: number({
    min: 0,
    optional: 'searched',
    doc: 'Turn α from the displacement (0) to the last gradient (1)',
  }),
  rhoMax: schedule({
    optional: 'twice ρ',
    unit: 'weight units',
    doc: 'Distance ρ_max at which the search looks',
  }),
  alphaMax: number({ min: 0, default: 2, doc: 'Largest α that is searched' }),
  alphaStep: number({ above: 0, default: 0.1, doc: 'Distance of the α that are searched' }),
  searchEvery: integer({
    min: 1,
    default: 100,
    unit: 'steps',
    doc: 'Steps from one search to the next; the published code searches once an epoch',
  }),
  ...perturbationOptions,
};

/** Options of `xsam`. */
export interface XsamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    xsam: VariantConfig<typeof options>;
  }
}

/** The α of the last search. */
const ALPHA = 'xsam-alpha';

/**
 * XSAM: descends along a direction between the way up and the gradient there, the one along which the loss rises most.
 *
 *   xᵢ₊₁ = xᵢ + (ρ/n) gᵢ / ‖gᵢ‖,   q = ∇L(xₙ),   v₀ = (xₙ − θ)/‖xₙ − θ‖,   v₁ = q/‖q‖,   a = ∠(v₀, v₁)
 *   u(α) = [sin((1 − α) a) v₀ + sin(α a) v₁] / sin a;   direction = ‖q‖ u(α)
 *   α = the first of 0, Δ, …, α_max with the largest L(θ + ρ_max u(α)); 0 where no loss is above 0
 *
 * α = 1 is multi-step SAM. The angle comes from an arctangent: the published code's arccosine gives NaN where rounding
 * carries the cosine above 1. Not to be confused with X-SAM (`x-sam`), which takes an eigenvector away. Cost: n extra
 * gradients, and in a search one loss (no gradient) per α.
 *
 * @throws RangeError when an option is out of its range; TypeError when a part is not of its kind.
 * @see XSAM 2026, https://arxiv.org/abs/2603.10048
 */
export const xsam: Variant<XsamOptions> = defineVariant({
  name: 'xsam',
  doc: 'Descends between the way up and the gradient there, where the loss rises most',
  use: 'Where one ascent step is a poor guide to the worst point; it searches for a better direction now and then',
  source: 'arXiv 2603.10048',
  gradients: ({ steps }) => steps + 1,
  options,
  rule: ({ rho, steps, alpha, rhoMax, alphaMax, alphaStep, searchEvery, ...given }): SharpnessRule => {
    const each = (step: number) => nonNegativeAt('xsam', 'rho', rho, step) / steps;
    const perturb = composePerturbation({ ...given, rho: each, name: 'xsam' });
    const reach = (step: number) =>
      rhoMax === undefined ? 2 * valueAt(rho, step) : nonNegativeAt('xsam', 'rhoMax', rhoMax, step);
    // 1e-9 for what float64 loses of a whole number of steps.
    const count = Math.floor(alphaMax / alphaStep + 1e-9) + 1;
    const candidates = Array.from({ length: count }, (_, i) => i * alphaStep);
    const turn = (plane: Plane, oracle: GradientOracle): tf.Tensor | number => {
      if (alpha !== undefined) return alpha;
      const known = oracle.state.getTensor(ALPHA);
      if (known && oracle.step % searchEvery !== 0) return known;
      requireOneRadius('xsam');
      const found = search(plane, oracle, candidates, reach(oracle.step));
      oracle.state.setTensor(ALPHA, found);
      return found;
    };
    return {
      name: 'xsam',
      direction: (oracle) => {
        const { loss, gradient } = oracle.evaluate();
        let displacement = materialise(perturb(gradient, oracle));
        let reached = oracle.evaluate({ perturbation: displacement }).gradient;
        for (let i = 1; i < steps; i++) {
          displacement = add(displacement, materialise(perturb(reached, oracle)));
          reached = oracle.evaluate({ perturbation: displacement }).gradient;
        }
        const plane = planeOf(displacement, reached);
        const turned = scale(norm(reached), between(plane, turn(plane, oracle)));
        // Without a displacement the gradient as it is, which unit vectors would round.
        const still = tf.equal(norm(displacement), 0);
        return { loss, direction: choose(still, reached, turned) };
      },
    };
  },
});

/** Two unit vectors and their angle. */
interface Plane {
  readonly start: ParamVector;
  readonly end: ParamVector;
  readonly angle: tf.Tensor;
}

function planeOf(displacement: ParamVector, gradient: ParamVector): Plane {
  const length = norm(displacement);
  const end = scale(tf.divNoNan(1, norm(gradient)), gradient);
  const moved = scale(tf.divNoNan(1, length), displacement);
  // Without a displacement (ρ = 0) there is nothing to turn from.
  const start = choose(tf.equal(length, 0), end, moved);
  const angle = tf.mul(2, tf.atan2(norm(sub(start, end)), norm(add(start, end))));
  return { start, end, angle };
}

/** u(α); the mean of both ends where they are alike or opposite. */
function between({ start, end, angle }: Plane, alpha: tf.Tensor | number): ParamVector {
  const sine = tf.sin(angle);
  const flat = tf.less(sine, 1e-8);
  const share = (part: tf.Tensor | number) =>
    tf.where(flat, 0.5, tf.divNoNan(tf.sin(tf.mul(part, angle)), sine));
  return axpy(share(alpha), end, scale(share(tf.sub(1, alpha)), start));
}

function search(
  plane: Plane,
  oracle: GradientOracle,
  candidates: readonly number[],
  reach: number,
): tf.Tensor {
  const losses = candidates.map((alpha) =>
    tf.tidy(() => oracle.value({ perturbation: scale(reach, between(plane, alpha)) })),
  );
  const stacked = tf.stack(losses);
  const best = tf.gather(tf.tensor1d([...candidates]), tf.argMax(stacked, 0));
  return tf.where(tf.greater(tf.max(stacked, 0), 0), best, tf.zerosLike(best));
}
