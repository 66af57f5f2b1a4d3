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
  type ParamVector,
  type RuleState,
  type RuleStep,
  radius,
  type Sampler,
  type SharpnessRule,
  seededSampler,
} from '@tfjs-sam/core';

/** What bSAM's rule needs to know. */
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

const [MOMENTUM, SCALE] = ['momentum', 'scale'];

/** The averages before a step, and how many of its micro-batches moved them. */
interface Begun {
  readonly momentum: readonly (tf.Tensor | undefined)[];
  readonly scale: readonly (tf.Tensor | undefined)[];
  parts: number;
}

/** The rule whose direction is m/s. */
export function bsamRule(options: RuleOptions): SharpnessRule {
  const complete = { ...options, sampler: options.sampler ?? seededSampler('gaussian', options.seed) };
  // An oracle lives for one step, but answers for each micro-batch in turn: all of them start from what was before it.
  const begun = new WeakMap<GradientOracle, Begun>();
  return {
    name: 'bsam',
    direction: (oracle) => {
      const { state } = oracle;
      const before = begun.get(oracle) ?? {
        momentum: state.getEach(MOMENTUM!),
        scale: state.getEach(SCALE!),
        parts: 0,
      };
      begun.set(oracle, before);
      const step = stepOf(oracle, before, complete);
      before.parts += 1;
      return step;
    },
  };
}

function stepOf(oracle: GradientOracle, { momentum, scale, parts }: Begun, options: Complete): RuleStep {
  const { variables, state, rhoFactors } = oracle;
  const { numData, beta1, beta2, weightDecay, rho, damping, initialScale, sampler } = options;
  const shapes = variables.map(({ shape }) => shape);
  const s = map(variables, ({ shape }, i) => scaleOf(scale[i], shape, initialScale));
  const noise = map(sampler(shapes, oracle.step, parts), (z, i) =>
    tf.mul(z, tf.rsqrt(tf.mul(numData, s[i]!))),
  );
  const { loss, gradient: noisy } = oracle.evaluate({ perturbation: noise });
  const radius = nonNegativeAt('bsam', 'rho', rho, oracle.step);
  const perturbation = map(noisy, (g, i) => tf.mul(radius * (rhoFactors?.[i] ?? 1), tf.div(g, s[i]!)));
  const { gradient } = oracle.evaluate({ perturbation });
  const target = map(noisy, (g, i) => tf.add(tf.mul(tf.sqrt(s[i]!), tf.abs(g)), damping + weightDecay));
  const m = map(gradient, (g, i) => {
    const pulled = weightDecay === 0 ? g : tf.add(g, tf.mul(weightDecay, variables[i]!));
    return average(beta1, momentum[i] ?? tf.zerosLike(g), pulled);
  });
  meanOver(state, MOMENTUM!, parts, m);
  meanOver(
    state,
    SCALE!,
    parts,
    map(target, (t, i) => average(beta2, s[i]!, t)),
  );
  return { loss, direction: map(m, (tensor, i) => tf.div(tensor, s[i]!)) };
}

/** s, which is never 0 but where a variable's first step was skipped (`onNonFinite: 'skip'`). */
function scaleOf(stored: tf.Tensor | undefined, shape: number[], initial: number): tf.Tensor {
  if (stored === undefined) return tf.fill(shape, initial);
  // `where` would say it, but takes twice as long as a gradient on wasm.
  return tf.add(stored, tf.mul(initial, tf.sub(1, tf.step(stored))));
}

/** β old + (1 − β) value. */
function average(beta: number, old: tf.Tensor, value: tf.Tensor): tf.Tensor {
  return tf.add(tf.mul(beta, old), tf.mul(1 - beta, value));
}

/** Stores a vector, as the mean with those of the step's earlier micro-batches. */
function meanOver(state: RuleState, key: string, parts: number, vector: ParamVector): void {
  const earlier = parts === 0 ? undefined : state.get(key);
  const mean = (tensor: tf.Tensor, i: number) => average(parts / (parts + 1), earlier![i]!, tensor);
  state.set(key, earlier ? map(vector, mean) : vector);
}
