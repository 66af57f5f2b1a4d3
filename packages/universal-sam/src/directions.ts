import * as tf from '@tensorflow/tfjs-core';
import {
  type Checked,
  drawOptions,
  elementwise,
  norm,
  number,
  type OptionsOf,
  oneOf,
  type Sampler,
  scaleFinite,
  seededSampler,
} from '@tfjs-sam/core';

/** Distributions of the directions: standard normal, uniform on the unit sphere, uniform in a cube around 0. */
export type DirectionDistribution = (typeof distributions)[number];

const distributions = ['gaussian', 'sphere', 'cube'] as const;

/** Where the directions come from. */
export const directionOptions = drawOptions({
  of: 'directions',
  note: '`index` counts the samples of the step',
});

/** Half the side of the cube that directions are drawn from. */
/*#__NO_SIDE_EFFECTS__*/
export function cube({ default: value }: { readonly default: number }) {
  return number({
    above: 0,
    default: value,
    unit: 'dimensionless',
    doc: "Half the side of the cube that directions are drawn from, of the distribution 'cube' alone",
  });
}

/** The distribution too. */
export const distributedOptions = {
  distribution: oneOf(distributions, { default: 'gaussian', doc: 'Distribution of the directions' }),
  halfWidth: cube({ default: 1 }),
  ...directionOptions,
};

/** Where the directions come from. */
export interface DirectionOptions extends OptionsOf<typeof directionOptions> {}

/** The distribution too. */
export interface DistributedDirectionOptions extends OptionsOf<typeof distributedOptions> {}

/** Of [0, 1): [−h, h). */
const spanned = elementwise<'u' | 'halfWidth'>((o, { u, halfWidth }) => [
  o.mul(halfWidth, o.mulAdd(2, u, -1)),
]);

const samplers: Readonly<Record<DirectionDistribution, (seed: number, halfWidth: number) => Sampler>> = {
  gaussian: (seed) => seededSampler('gaussian', seed),
  sphere: (seed) => {
    const gaussian = seededSampler('gaussian', seed);
    return (shapes, step, index) =>
      tf.tidy(() => {
        const direction = gaussian(shapes, step, index);
        // One sphere for all variables together: one for each would not be isotropic.
        return scaleFinite(tf.div(1, norm(direction)), direction);
      });
  },
  cube: (seed, halfWidth) => {
    const uniform = seededSampler('uniform', seed);
    return (shapes, step, index) => tf.tidy(() => spanned({ u: uniform(shapes, step, index), halfWidth })[0]);
  },
};

/** The sampler that checked options ask for. */
export function directionSampler({
  distribution = 'gaussian',
  halfWidth = 1,
  seed,
  sampler,
}: Pick<Checked<typeof directionOptions>, 'seed' | 'sampler'> & DistributedDirectionOptions): Sampler {
  return sampler ?? samplers[distribution](seed, halfWidth);
}
