import * as tf from '@tensorflow/tfjs-core';
import {
  type DriverOptions,
  defineVariant,
  drawOptions,
  elementwise,
  integer,
  nonNegativeAt,
  number,
  type OptionsOf,
  requireOneRadius,
  type SharpnessRule,
  scale,
  schedule,
  seededSampler,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = {
  gamma: schedule({ default: 0.01, doc: 'Scope γ: how strongly the walk is pulled back to the weights' }),
  steps: integer({ min: 1, default: 20, doc: 'Steps L of the walk, a gradient each' }),
  walkRate: number({ above: 0, default: 0.1, doc: 'Step size η′ of the walk' }),
  noise: number({ min: 0, default: 1e-4, doc: 'Size ε of the noise of the walk' }),
  average: number({
    above: 0,
    max: 1,
    default: 0.75,
    doc: 'Share α of the newest point in the mean of the walk',
  }),
  ...drawOptions({
    of: 'standard normal noise',
    note: 'draw `index` is that of the `index`th step of the walk',
  }),
};

type Walk = 'walk' | 'mean' | 'slope' | 'z' | 'kept' | 'walkRate' | 'jump' | 'rest' | 'average';

/** The walk's next point, and the mean with it. */
const walkedBy = (isNoisy: boolean) =>
  elementwise<Walk>((o, { walk, mean, slope, z, kept, walkRate, jump, rest, average }) => {
    const moved = o.sub(o.mul(walk, kept), o.mul(walkRate, slope));
    const next = isNoisy ? o.mulAdd(jump, z, moved) : moved;
    return [next, o.mulAdd(rest, mean, o.mul(average, next))];
  });
const walkedNoisily = walkedBy(true);
const walkedStill = walkedBy(false);

/** Options of `entropySgd`. */
export interface EntropySgdOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'entropy-sgd': VariantConfig<typeof options>;
  }
}

/**
 * Entropy-SGD: descends the local entropy, the log-volume of low loss around θ, by the mean of a Langevin walk from it.
 *
 *   x = μ = θ;   L times: x ← x − η′ (∇L(x) + γ (x − θ)) + ε √(2η′) z, z ~ N(0, I);   μ ← (1 − α) μ + α x
 *   direction = θ − μ
 *
 * The direction is the gradient of local entropy over γ, as in the published code: it has the length of weights, not of
 * gradients, and wants a learning rate near 1 for SGD. γ usually grows over the training: give a schedule. The whole walk
 * is on the step's batch, where the published code draws another one for each of its steps. The loss that `minimize` reports
 * is that at θ. Memory: two vectors within the step. Cost: L gradients in place of one.
 *
 * @throws RangeError when an option is out of its range.
 * @see Chaudhari et al. 2017, "Entropy-SGD: Biasing Gradient Descent Into Wide Valleys". https://arxiv.org/abs/1611.01838
 */
export const entropySgd: Variant<EntropySgdOptions> = defineVariant({
  name: 'entropy-sgd',
  doc: 'Descends towards the mean of a noisy walk around the weights',
  use: 'Where many gradients a step are affordable and wide valleys matter more than fast progress',
  source: 'Chaudhari et al. 2017, arXiv 1611.01838',
  gradients: ({ steps }) => steps,
  options,
  rule: ({ gamma, steps, walkRate, noise, average, seed, sampler }): SharpnessRule => {
    const draw = sampler ?? seededSampler('gaussian', seed);
    const jump = noise * Math.sqrt(2 * walkRate);
    const walked = noise === 0 ? walkedStill : walkedNoisily;
    return {
      name: 'entropy-sgd',
      direction: (oracle) => {
        requireOneRadius('entropy-sgd');
        const { loss, gradient } = oracle.evaluate();
        const { variables, step } = oracle;
        const shapes = variables.map(({ shape }) => shape);
        const scope = nonNegativeAt('entropy-sgd', 'gamma', gamma, step);
        // x − θ, and μ − θ.
        let [walk, mean] = [scale(0, gradient), scale(0, gradient)];
        for (let i = 0; i < steps; i++) {
          const before = [...walk, ...mean];
          [walk, mean] = tf.tidy(() => {
            const slope = i === 0 ? gradient : oracle.evaluate({ perturbation: walk }).gradient;
            const z = noise === 0 ? undefined : draw(shapes, step, i);
            const numbers = { kept: 1 - walkRate * scope, walkRate, jump, rest: 1 - average, average };
            const [next, mixed] = walked({ walk, mean, slope, z: z ?? slope, ...numbers });
            return [next, mixed!];
          });
          tf.dispose(before);
        }
        return { loss, direction: scale(-1, mean) };
      },
    };
  },
});
