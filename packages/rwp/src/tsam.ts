import * as tf from '@tensorflow/tfjs-core';
import {
  add,
  axpy,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  drawOptions,
  type GradientOracle,
  integer,
  materialise,
  norm,
  number,
  type OptionsOf,
  type ParamVector,
  perturbationOptions,
  radius,
  type SharpnessRule,
  scale,
  seededSampler,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = {
  rho: radius({ default: 0.05 }),
  samples: integer({ min: 1, default: 3, doc: 'Number n of points' }),
  tilt: number({
    min: 0,
    default: 1,
    unit: 'per loss unit',
    doc: 'Tilt t: how much more a higher loss counts',
  }),
  noiseRadius: number({ above: 0, default: 1, unit: 'weight units', doc: 'Largest norm of the noise' }),
  noiseScale: number({ min: 0, default: 1, unit: 'weight units', doc: 'Standard deviation of the noise' }),
  ...drawOptions({ of: 'standard normal noise', note: 'draw `index` is that of the `index`th point' }),
  ...perturbationOptions,
};

/** Options of `tsam`. */
export interface TsamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    tsam: VariantConfig<typeof options>;
  }
}

/**
 * TSAM: tilted SAM, which descends many points of the neighbourhood at once, those of higher loss more.
 *
 *   nᵢ = σ zᵢ, shortened to r;   gᵢ = ∇L(θ + nᵢ);   δᵢ = nᵢ + ρ gᵢ / ‖gᵢ‖
 *   direction = Σᵢ wᵢ ∇L(θ + δᵢ),   w = softmax(t L(θ + δ))
 *
 * t = 0 is the mean. The loss that `minimize` reports is that of the first noisy point; batch normalisation moves by that
 * evaluation. The softmax is accumulated: two vectors of the weights' size serve any n. Cost: 2n gradients in place of one.
 *
 * @throws RangeError when an option is out of its range; TypeError when a part is not of its kind.
 * @see Li et al. 2025, "Reweighting Local Mimina with Tilted SAM", ICML. https://arxiv.org/abs/2410.22656
 */
export const tsam: Variant<TsamOptions> = defineVariant({
  name: 'tsam',
  doc: 'Tilted SAM: descends several points of the neighbourhood, those of higher loss more',
  use: 'Where several gradients a step are affordable and one worst point is too narrow a view',
  source: 'Li et al. 2025, arXiv 2410.22656',
  gradients: ({ samples }) => 2 * samples,
  options,
  rule: ({ samples, tilt, noiseRadius, noiseScale, seed, sampler, ...given }): SharpnessRule => {
    const perturb = composePerturbation({ ...given, name: 'tsam' });
    const draw = sampler ?? seededSampler('gaussian', seed);
    const noiseOf = ({ variables, step }: GradientOracle, index: number): ParamVector => {
      const shapes = variables.map(({ shape }) => shape);
      const noise = scale(noiseScale, draw(shapes, step, index));
      return scale(tf.minimum(1, tf.divNoNan(noiseRadius, norm(noise))), noise);
    };
    return {
      name: 'tsam',
      direction: (oracle) => {
        let first: tf.Scalar | undefined;
        let tilted: Tilted | undefined;
        for (let i = 0; i < samples; i++) {
          const before = tilted;
          const [loss, next] = tf.tidy(() => {
            const noise = noiseOf(oracle, i);
            const start = oracle.evaluate({ perturbation: noise });
            const perturbation = add(noise, materialise(perturb(start.gradient, oracle)));
            const { loss, gradient } = oracle.evaluate({ perturbation });
            return [start.loss, include(before, tf.mul(tilt, loss), gradient)] as [tf.Scalar, Tilted];
          });
          first ??= loss;
          tilted = next;
          tf.dispose(before);
        }
        return { loss: first!, direction: scale(tf.div(1, tilted!.weight), tilted!.sum) };
      },
    };
  },
});

/** Σ e^{tᵢ − m} gᵢ and Σ e^{tᵢ − m}, m the largest tᵢ so far. */
type Tilted = { readonly largest: tf.Tensor; readonly weight: tf.Tensor; readonly sum: ParamVector };

function include(before: Tilted | undefined, tilt: tf.Tensor, gradient: ParamVector): Tilted {
  if (before === undefined) return { largest: tilt, weight: tf.scalar(1), sum: gradient };
  const largest = tf.maximum(before.largest, tilt);
  const [old, own] = [tf.exp(tf.sub(before.largest, largest)), tf.exp(tf.sub(tilt, largest))];
  return {
    largest,
    weight: tf.add(tf.mul(before.weight, old), own),
    sum: axpy(own, gradient, scale(old, before.sum)),
  };
}
