import * as tf from '@tensorflow/tfjs-core';
import {
  averageDecay,
  type Checked,
  type ConfigOf,
  composePerturbation,
  configOf,
  type DriverOptions,
  definePart,
  drawOptions,
  driverOptions,
  elementwise,
  type GradientOracle,
  hessian,
  hutchinsonDiagonal,
  integer,
  map,
  materialise,
  number,
  type OptionsOf,
  oneOf,
  type ParamVector,
  type PartFunction,
  type Perturbation,
  perturbationOptions,
  pick,
  radius,
  SharpnessAwareOptimizer,
  type SharpnessRule,
  schedule,
  sgd,
} from '@tfjs-sam/core';

const ruleOptions = {
  rho: radius({ default: 0.2 }),
  beta1: averageDecay({ default: 0.9, of: 'momentum, β₁' }),
  beta2: averageDecay({ default: 0.999, of: 'average of curvatures, β₂' }),
  power: number({ above: 0, max: 1, default: 0.5, doc: 'Power of the curvature that is divided by: a root' }),
  epsilon: number({ above: 0, default: 1e-4, doc: 'Guard, added to what is divided by' }),
  weightDecay: number({ min: 0, default: 0, doc: 'Decoupled weight decay, multiplied by the learning rate' }),
  refreshEvery: integer({ min: 1, default: 10, unit: 'steps', doc: 'Steps k from one estimate to the next' }),
  probes: integer({ min: 1, default: 1, doc: 'Random probes per estimate' }),
  biasCorrection: oneOf(['steps', 'refreshes'], {
    default: 'steps',
    doc: 'The count of the average’s correction: steps as the published code, or estimates, which it is unbiased by',
  }),
  ...drawOptions({ of: 'probes', note: 'entries of mean 0 and variance 1, independent' }),
  ...perturbationOptions,
};
const own = { learningRate: schedule({ default: 0.15, doc: 'Step size lr' }), ...ruleOptions };
const options = { ...own, ...driverOptions };

/** Options of `sassha`. */
export interface SasshaOptions extends OptionsOf<typeof own>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    sassha: ConfigOf<typeof options>;
  }
}

/** m, and 1 − β₁ⁿ of each variable's n steps. */
const MOMENTUM = 'sassha-momentum';
const MOMENTUM_SHARE = 'sassha-momentum-share';
/** D, the average of |diag H|, and what it is divided by. */
const CURVATURE = 'sassha-curvature';
const CURVATURE_SHARE = 'sassha-curvature-share';
/** 1 − β₂ⁿ of each variable's n steps. */
const STEPS_SHARE = 'sassha-steps-share';

type Complete = Checked<typeof ruleOptions>;

/** The rule whose direction is what SGD multiplies by the learning rate. */
function sasshaRule(given: Complete): SharpnessRule {
  const { rho, metric, filter, ascent, beta1, weightDecay, epsilon, power } = given;
  const perturb = composePerturbation({ rho, metric, filter, ascent, name: 'sassha' });
  return {
    name: 'sassha',
    direction: (oracle) => {
      const { loss, gradient } = oracle.evaluate();
      const { state, variables } = oracle;
      const perturbation = perturb(gradient, oracle);
      const { gradient: beside } = oracle.evaluate({ perturbation });
      const curvature = curvatureOf(oracle, perturbation, given);
      const before = state.recall(MOMENTUM, () => zeros(variables));
      const [momentum] = averaged({ old: before, x: beside, beta: beta1, rest: 1 - beta1 });
      state.set(MOMENTUM, momentum);
      const share = grown(oracle, MOMENTUM_SHARE, beta1);
      const roots = power === 0.5 ? curvature : map(curvature, (d) => tf.pow(d, power));
      const divided = power === 0.5 ? dividedByRoot : dividedBy;
      // Each variable has a share of its own.
      const direction = momentum.flatMap((m, i) => {
        const at = { m: [m], d: [roots[i]!], w: [variables[i]!], share: share[i]! };
        return divided({ ...at, epsilon, weightDecay })[0];
      });
      return { loss, direction };
    },
  };
}

/** β old + (1 − β) x. */
const averaged = elementwise<'old' | 'x' | 'beta' | 'rest'>((o, { old, x, beta, rest }) => [
  o.mulAdd(beta, old, o.mul(rest, x)),
]);

/** (m/share)/(root + ε) + wd w, of the root or of what it is taken of. */
const dividedBy = elementwise<Divided>((o, { m, d, w, share, epsilon, weightDecay }) => [
  o.mulAdd(weightDecay, w, o.div(o.div(m, share), o.add(d, epsilon))),
]);
const dividedByRoot = elementwise<Divided>((o, { m, d, w, share, epsilon, weightDecay }) => [
  o.mulAdd(weightDecay, w, o.div(o.div(m, share), o.add(o.sqrt(d), epsilon))),
]);
type Divided = 'm' | 'd' | 'w' | 'share' | 'epsilon' | 'weightDecay';

/** 1 − βⁿ of each variable, n one more than before: a step that is skipped, or that does not reach it, does not count. */
function grown({ state, variables }: GradientOracle, key: string, beta: number): ParamVector {
  const before = state.recall(key, () => variables.map(() => tf.scalar(0)));
  const after = map(before, (share) => tf.add(tf.mul(beta, share), 1 - beta));
  state.set(key, after);
  return after;
}

/** D̂, with an estimate at θ + δ taken in where one is due; 1 for what has had none. */
function curvatureOf(oracle: GradientOracle, at: Perturbation, given: Complete): ParamVector {
  const { beta2, refreshEvery, biasCorrection } = given;
  const { state, step, variables } = oracle;
  const steps = biasCorrection === 'steps' ? grown(oracle, STEPS_SHARE, beta2) : undefined;
  const ones = () => variables.map((variable) => tf.onesLike(variable as tf.Tensor));
  if (step % refreshEvery !== 0 && state.get(CURVATURE) !== undefined) {
    const share = state.recall(CURVATURE_SHARE, () => variables.map(() => tf.scalar(1)));
    return map(state.recall(CURVATURE, ones), (d, i) => tf.div(d, share[i]!));
  }
  const average = refreshed(oracle, materialise(at), given);
  const share = steps ?? grown(oracle, CURVATURE_SHARE, beta2);
  if (steps) state.set(CURVATURE_SHARE, steps);
  return map(average, (d, i) => tf.div(d, share[i]!));
}

/** D with an estimate taken in. */
function refreshed(oracle: GradientOracle, at: ParamVector, given: Complete): ParamVector {
  const { beta2, probes, seed, sampler } = given;
  const { state, step, variables } = oracle;
  const shapes = variables.map(({ shape }) => shape);
  const estimate = hutchinsonDiagonal(hessian(oracle, { at }), shapes, step, { probes, seed, sampler });
  const before = state.recall(CURVATURE, () => zeros(variables));
  const next = map(estimate, (d, i) => tf.add(tf.mul(beta2, before[i]!), tf.mul(1 - beta2, tf.abs(d))));
  state.set(CURVATURE, next);
  return next;
}

const zeros = (variables: readonly tf.Variable[]): ParamVector =>
  variables.map((variable) => tf.zerosLike(variable as tf.Tensor));

/** The driver around SGD, which makes θ − lr · direction; the configuration tells of no base optimizer. */
class SasshaOptimizer extends SharpnessAwareOptimizer {
  /** The learning rate as it was given, in plain JSON. */
  readonly #given: unknown;

  constructor(checked: Checked<typeof options>) {
    const config = configOf(options, checked);
    const base = sgd({ learningRate: checked.learningRate });
    super(base, sasshaRule(checked), pick(checked, driverOptions), { ...config, name: 'sassha' });
    this.#given = config.learningRate;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { base: _, ...mine } = super.getConfig();
    // `setLearningRate` changes that of SGD.
    const learningRate = this.base.getConfig().learningRate!;
    return learningRate === this.#given ? mine : { ...mine, learningRate };
  }
}

/**
 * SASSHA: sharpness-aware second-order optimization, SAM whose step is divided by the root of the curvature at the perturbed
 * point. A complete optimizer of its own: no base.
 *
 *   δ = ρ g / ‖g‖;   gₚ = ∇L(θ + δ);   m ← β₁ m + (1 − β₁) gₚ
 *   every k steps: D ← β₂ D + (1 − β₂) |diag H(θ + δ)|, by Hutchinson's probes
 *   θ ← (1 − lr wd) θ − lr m̂ / (√D̂ + ε),   m̂ = m / (1 − β₁ᵗ),  D̂ = D / (1 − β₂ᵗ) as of the last estimate
 *
 * The published code corrects D by the number of steps although it takes an estimate every k steps alone, so that D̂ is too
 * small early on: `biasCorrection: 'refreshes'` counts estimates. Products with the Hessian are central differences with the
 * kinks of ReLU and the like held at θ. Corrections count a
 * variable's own steps, not those that are skipped. Memory: two vectors. Cost: one extra gradient, and two per probe and estimate.
 *
 * @throws RangeError when an option is out of its range; TypeError when a part is not of its kind.
 * @see Shin et al. 2025, "SASSHA: Sharpness-aware Adaptive Second-order Optimization with Stable Hessian Approximation",
 *   ICML. https://arxiv.org/abs/2502.18153
 * @example model.compile({ optimizer: sassha({ learningRate: 0.15, rho: 0.2 }), loss: 'categoricalCrossentropy' })
 */
export const sassha: PartFunction<SasshaOptions, SharpnessAwareOptimizer, 'variant'> = definePart({
  kind: 'variant',
  name: 'sassha',
  doc: 'SAM divided by the root of the curvature at the perturbed point; no base',
  use: 'Where a second-order step is wanted that is taken from SAM’s perturbed weights',
  source: 'Shin et al. 2025, arXiv 2502.18153',
  gradients: 2,
  options,
  create: (checked): SharpnessAwareOptimizer => new SasshaOptimizer(checked),
});
