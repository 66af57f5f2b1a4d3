import * as tf from '@tensorflow/tfjs-core';
import {
  type AscentDirection,
  averageDecay,
  type ConfigOf,
  definePart,
  type GradientOracle,
  map,
  number,
  type OptionsOf,
  type ParamVector,
  type PartFunction,
  zip,
} from '@tfjs-sam/core';

/** The options of `preconditioned`. */
export const preconditionedOptions = {
  beta2: averageDecay({
    default: 0.999,
    of: 'second moments, where the base optimizer has none',
  }),
  epsilon: number({ above: 0, default: 1e-8, doc: 'Guard, added to the root of the second moment' }),
};

/** Options of `preconditioned`. */
export interface PreconditionedOptions extends OptionsOf<typeof preconditionedOptions> {}

declare module '@tfjs-sam/core' {
  interface AscentConfigs {
    preconditioned: ConfigOf<typeof preconditionedOptions>;
  }
}

const MOMENT = 'preconditioned-moment';

/**
 * The gradient as Adam scales it, to climb along: the perturbation takes the geometry of the descent.
 *
 *   d = g / (√v + ε)
 *
 * v is the base optimizer's second moment before the step, where it has one (adamw, Adam, RMSProp), else one of its own
 * (then one vector of memory): v ← β₂ v + (1 − β₂) g². In the first step d is the gradient.
 *
 * @throws RangeError when `beta2` or `epsilon` is out of its range.
 * @see "Sharpness-aware minimization in function space" (preconditioned ascent), ICML 2025, by its abstract.
 */
export const preconditioned: PartFunction<PreconditionedOptions, AscentDirection, 'ascent'> = definePart({
  kind: 'ascent',
  name: 'preconditioned',
  owner: 'preconditioned',
  doc: 'The gradient as Adam scales it',
  source: 'ICML 2025',
  options: preconditionedOptions,
  create:
    ({ beta2, epsilon }): AscentDirection =>
    (gradient, oracle) => {
      const moment = oracle.base.secondMoment(oracle.variables) ?? ownMoment(gradient, oracle, beta2);
      if (moment === undefined) return gradient;
      return zip(gradient, moment, (g, v) => tf.div(g, tf.add(tf.sqrt(v), epsilon)));
    },
});

/** The moving average of g² up to the last step; none in the first. */
function ownMoment(gradient: ParamVector, { state }: GradientOracle, beta2: number): ParamVector | undefined {
  const stored = state.getEach(MOMENT);
  const before = map(gradient, (tensor, i) => stored[i] ?? tf.zerosLike(tensor));
  state.set(
    MOMENT,
    zip(before, gradient, (v, g) => tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2))),
  );
  return stored.every((entry) => entry === undefined) ? undefined : before;
}
