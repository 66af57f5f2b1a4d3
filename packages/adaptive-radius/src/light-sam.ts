import * as tf from '@tensorflow/tfjs-core';
import {
  type DriverOptions,
  defineVariant,
  type GradientOracle,
  nonNegativeAt,
  norm,
  number,
  type OptionsOf,
  type ParamVector,
  radius,
  requireOneRadius,
  type SharpnessRule,
  scale,
  scaleFinite,
  twoPass,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = {
  rho: radius({ default: 0.05, unit: 'weight units', doc: 'Radius ρ of the first step' }),
  epsilon: number({ above: 0, default: 1e-8, doc: 'Root of both accumulators at first' }),
};

/** Options of `lightSam`. */
export interface LightSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'light-sam': VariantConfig<typeof options>;
  }
}

const ASCENT = 'light-sam-ascent';
const DESCENT = 'light-sam-descent';

/**
 * LightSAM: radius and step size fall as AdaGrad's do, by one number each: little is left to tune.
 *
 *   u ← u + ‖g‖², δ = ρ g / √u;   v ← v + ‖gₚ‖², direction = gₚ / √v;   u = v = ε² at first, gₚ = ∇L(θ + δ)
 *
 * The paper's update with plain SGD as base. Memory: two numbers. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite or `epsilon` not positive.
 * @see LightSAM, https://arxiv.org/abs/2505.24399
 */
export const lightSam: Variant<LightSamOptions> = defineVariant({
  name: 'light-sam',
  doc: 'SAM whose radius and step size fall as AdaGrad’s',
  use: 'Where neither radius nor learning rate has a schedule: the gradients seen so far shrink both; take plain SGD as base',
  source: 'arXiv 2505.24399',
  gradients: 2,
  options,
  rule: ({ rho, epsilon }): SharpnessRule =>
    twoPass({
      name: 'light-sam',
      perturb: (gradient, oracle) => {
        requireOneRadius('light-sam');
        const radius = nonNegativeAt('light-sam', 'rho', rho, oracle.step);
        return scaleFinite(tf.div(radius, accumulate(ASCENT, gradient, oracle, epsilon)), gradient);
      },
      descend: ({ perturbedGradient, oracle }) =>
        scale(tf.divNoNan(1, accumulate(DESCENT, perturbedGradient, oracle, epsilon)), perturbedGradient),
    }),
});

/** √(ε² + Σ ‖g‖²), this step's g included: the root is kept, so that no square overflows. */
function accumulate(key: string, gradient: ParamVector, { state }: GradientOracle, epsilon: number) {
  const root = hypotenuse(
    state.recallTensor(key, () => tf.scalar(epsilon)),
    norm(gradient),
  );
  state.setTensor(key, root);
  return root;
}

/** √(a² + b²) for a, b >= 0, the larger factored out. */
function hypotenuse(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const [large, small] = [tf.maximum(a, b), tf.minimum(a, b)];
  return tf.mul(large, tf.sqrt(tf.add(1, tf.square(tf.divNoNan(small, large)))));
}
