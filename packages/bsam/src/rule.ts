import * as tf from '@tensorflow/tfjs-core';
import {
  averageDecay,
  type Checked,
  drawOptions,
  elementwise,
  type GradientOracle,
  integer,
  nonNegativeAt,
  number,
  type RuleStep,
  radius,
  requireOneRadius,
  type Sampler,
  type SharpnessRule,
  scaleEach,
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
  const [noise] = widened({ z: sampler(shapes, oracle.step, oracle.nextDraw()), s, numData });
  const { loss, gradient: noisy } = oracle.evaluate({ perturbation: noise });
  requireOneRadius('bsam');
  const radius = nonNegativeAt('bsam', 'rho', rho, oracle.step);
  const [climbed] = scaledShare({ g: noisy, s, radius });
  const perturbation = rhoFactors ? scaleEach(rhoFactors, climbed) : climbed;
  const { gradient } = oracle.evaluate({ perturbation });
  const rests = { rest1: 1 - beta1, rest2: 1 - beta2 };
  const numbers = { beta1, beta2, ...rests, weightDecay, least: damping + weightDecay };
  const [m, scale, direction] = moved({ g: gradient, noisy, w: variables, s, momentum, ...numbers });
  state.set(MOMENTUM, m);
  state.set(SCALE, scale!);
  return { loss, direction: direction! };
}

/** z/√(N s). */
const widened = elementwise<'z' | 's' | 'numData'>((o, { z, s, numData }) => [
  o.div(z, o.sqrt(o.mul(numData, s))),
]);

/** ρ g/s. */
const scaledShare = elementwise<'g' | 's' | 'radius'>((o, { g, s, radius }) => [o.mul(radius, o.div(g, s))]);

/** The momentum and the scale after the step, and the direction m/s, s as it was. */
const moved = elementwise<
  'g' | 'noisy' | 'w' | 's' | 'momentum' | `${'beta' | 'rest'}${1 | 2}` | 'weightDecay' | 'least'
>((o, { g, noisy, w, s, momentum, beta1, rest1, beta2, rest2, weightDecay, least }) => {
  const m = o.mulAdd(beta1, momentum, o.mul(rest1, o.mulAdd(weightDecay, w, g)));
  const target = o.mulAdd(o.sqrt(s), o.abs(noisy), least);
  return [m, o.mulAdd(beta2, s, o.mul(rest2, target)), o.div(m, s)];
});
