import * as tf from '@tensorflow/tfjs-core';
import {
  averageDecay,
  type Checked,
  drawOptions,
  type GradientOracle,
  integer,
  map,
  nonNegativeAt,
  number,
  type RuleStep,
  radius,
  requireOneRadius,
  type Sampler,
  type SharpnessRule,
  seededSampler,
} from '@tfjs-sam/core';

/** Settings of bSAM's rule. */
export const ruleOptions = {
  numData: integer({ min: 1, doc: 'Number N of training examples: the more, the narrower the Gaussian' }),
  beta1: averageDecay({ default: 0.9, of: 'momentum, β₁' }),
  beta2: averageDecay({ default: 0.999, of: 'scale s, β₂' }),
  weightDecay: number({
    min: 0,
    default: 1e-4,
    doc: 'Prior precision over N, wd: decays the weights, and is in s',
  }),
  rho: radius({ default: 0.05, doc: 'Radius ρ of the perturbation ρ g₁/s' }),
  damping: number({ above: 0, default: 0.1, doc: "Added to s's target: keeps s from vanishing" }),
  initialScale: number({ above: 0, default: 1, doc: 's at the start' }),
  ...drawOptions({
    of: 'draws z',
    note: 'standard normals; `index` counts the micro-batches with draws of their own',
  }),
};

/** A rule's options, complete. */
export type RuleOptions = Checked<typeof ruleOptions>;

type Complete = RuleOptions & { readonly sampler: Sampler };

const MOMENTUM = 'momentum';
const SCALE = 'scale';

/** The rule whose direction is m/s. */
export function bsamRule(options: RuleOptions): SharpnessRule {
  const complete = { ...options, sampler: options.sampler ?? seededSampler('gaussian', options.seed) };
  return { name: 'bsam', direction: (oracle) => stepOf(oracle, complete) };
}

function stepOf(oracle: GradientOracle, options: Complete): RuleStep {
  const { variables, state, rhoFactors } = oracle;
  const { numData, beta1, beta2, weightDecay, rho, damping, initialScale, sampler } = options;
  const shapes = variables.map(({ shape }) => shape);
  const s = state.recall(SCALE, () => shapes.map((shape) => tf.fill(shape, initialScale)));
  const momentum = state.recall(MOMENTUM, () => shapes.map((shape) => tf.zeros(shape)));
  const noise = map(sampler(shapes, oracle.step, oracle.nextDraw()), (z, i) =>
    tf.mul(z, tf.rsqrt(tf.mul(numData, s[i]!))),
  );
  const { loss, gradient: noisy } = oracle.evaluate({ perturbation: noise });
  requireOneRadius('bsam');
  const radius = nonNegativeAt('bsam', 'rho', rho, oracle.step);
  const perturbation = map(noisy, (g, i) => tf.mul(radius * (rhoFactors?.[i] ?? 1), tf.div(g, s[i]!)));
  const { gradient } = oracle.evaluate({ perturbation });
  const target = map(noisy, (g, i) => tf.add(tf.mul(tf.sqrt(s[i]!), tf.abs(g)), damping + weightDecay));
  const m = map(gradient, (g, i) => {
    const pulled = weightDecay === 0 ? g : tf.add(g, tf.mul(weightDecay, variables[i]!));
    return average(beta1, momentum[i]!, pulled);
  });
  state.set(MOMENTUM, m);
  state.set(
    SCALE,
    map(target, (t, i) => average(beta2, s[i]!, t)),
  );
  return { loss, direction: map(m, (tensor, i) => tf.div(tensor, s[i]!)) };
}

/** β old + (1 − β) value. */
function average(beta: number, old: tf.Tensor, value: tf.Tensor): tf.Tensor {
  return tf.add(tf.mul(beta, old), tf.mul(1 - beta, value));
}
