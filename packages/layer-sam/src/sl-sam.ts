import * as tf from '@tensorflow/tfjs-core';
import {
  composePerturbation,
  type DriverOptions,
  defineVariant,
  drawOptions,
  type GradientOracle,
  map,
  norm,
  number,
  type OptionsOf,
  type ParamVector,
  perturbationOptions,
  radius,
  requireOneRun,
  type SharpnessRule,
  seededSampler,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = {
  rho: radius({ default: 0.05 }),
  share: number({ above: 0, max: 1, default: 0.5, doc: 'Share of the variables that a step works on' }),
  exploration: number({
    above: 0,
    max: 1,
    default: 0.1,
    doc: 'Share ε of the probability that is spread evenly',
  }),
  rate: number({ min: 0, default: 0.1, doc: 'Rate η at which the scores follow the gradients' }),
  ...drawOptions({ of: 'draws that pick variables', note: 'one uniform number in [0, 1) for each variable' }),
  ...perturbationOptions,
};

/** Options of `slSam`. `ascent` sees the gradient of the variables that were picked. */
export interface SlSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'sl-sam': VariantConfig<typeof options>;
  }
}

/** wᵢ, a Scalar for each variable. */
const SCORES = 'sl-sam-scores';

/**
 * SL-SAM: sparse-layer SAM, which perturbs and updates a few variables a step; a bandit picks them, more often those whose
 * gradients have been large.
 *
 *   p = (1 − ε) softmax(w) + ε/n;   K of the n variables by p, without replacement;   m = 1 on them, else 0
 *   δ = ρ m g / ‖m g‖;   direction = m ∇L(θ + δ);   w ← w + η m r / (K p),   r = ‖g of a variable‖ / the largest of the picked
 *
 * Our reading of the paper's abstract (selection as a multi-armed bandit by gradient norms, for ascent and descent); its
 * pseudocode was not read. The base optimizer gets zeros for the variables that rest, so that its momentum and decay go on.
 * TensorFlow.js differentiates all variables in any case: a step costs SAM's two gradients. Memory: a number for each variable.
 *
 * @throws RangeError when an option is out of its range; TypeError when a part is not of its kind.
 * @see Cheng et al. 2026, "Sparse Layer Sharpness-Aware Minimization for Efficient Fine-Tuning".
 *   https://arxiv.org/abs/2602.09395
 */
export const slSam: Variant<SlSamOptions> = defineVariant({
  name: 'sl-sam',
  doc: 'SAM of a few variables a step, which a bandit picks',
  use: 'For deep networks in which few layers carry most of the gradient',
  source: 'Cheng et al. 2026, arXiv 2602.09395',
  gradients: 2,
  options,
  rule: ({ share, exploration, rate, seed, sampler, ...given }): SharpnessRule => {
    const perturb = composePerturbation({ ...given, name: 'sl-sam' });
    const draw = sampler ?? seededSampler('uniform', seed);
    return {
      name: 'sl-sam',
      direction: (oracle) => {
        requireOneRun('sl-sam');
        const { loss, gradient } = oracle.evaluate();
        const { variables, state, step } = oracle;
        const count = Math.ceil(share * variables.length);
        const scores = scoresOf(oracle);
        const even = exploration / variables.length;
        const chances = tf.add(tf.mul(1 - exploration, tf.softmax(scores)), even) as tf.Tensor1D;
        const draws = draw(
          variables.map(() => []),
          step,
          0,
        );
        const mask = picked(chances, tf.stack(draws) as tf.Tensor1D, count);
        const of = (vector: ParamVector) => map(vector, (tensor, i) => tf.mul(tensor, entry(mask, i)));
        const climbed = of(gradient);
        const { gradient: beside } = oracle.evaluate({ perturbation: perturb(climbed, oracle) });
        const lengths = tf.stack(climbed.map((tensor) => norm([tensor])));
        const reward = tf.div(tf.divNoNan(lengths, tf.max(lengths)), tf.mul(count, chances));
        const next = tf.add(scores, tf.mul(rate, reward));
        state.set(
          SCORES,
          variables.map((_, i) => entry(next, i)),
        );
        return { loss, direction: of(beside) };
      },
    };
  },
});

/** w, [variables]: zero for variables that have none yet. */
function scoresOf({ state, variables }: GradientOracle): tf.Tensor1D {
  const known = state.getEach(SCORES);
  return tf.stack(variables.map((_, i) => known[i] ?? tf.scalar(0))) as tf.Tensor1D;
}

const entry = (x: tf.Tensor, i: number): tf.Tensor => tf.reshape(tf.slice(x, [i], [1]), []);

/** 1 at `count` of the entries, drawn by their chances without replacement: the largest of log p + Gumbel noise. */
function picked(chances: tf.Tensor1D, draws: tf.Tensor1D, count: number): tf.Tensor1D {
  const noise = tf.neg(tf.log(tf.neg(tf.log(tf.maximum(draws, 2 ** -25)))));
  const { indices } = tf.topk(tf.add(tf.log(chances), noise), count);
  return tf.sum(tf.oneHot(indices as tf.Tensor1D, chances.size), 0);
}
