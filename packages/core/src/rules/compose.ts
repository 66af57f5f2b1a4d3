import * as tf from '@tensorflow/tfjs-core';
import { materialise, type Perturbation } from '../algebra/perturbation.js';
import { runsAtHand } from '../algebra/runs.js';
import { type ParamVector, scale, scaleEach } from '../algebra/vector.js';
import { complete } from '../declare/check.js';
import type { NamedConfig } from '../declare/config.js';
import type { OptionsOf } from '../declare/option.js';
import { nonNegativeAt } from '../declare/schedules/schedule.js';
import type { GradientOracle } from '../oracle/oracle.js';
import { ascentPerturbation } from './ascent.js';
import type { PerturbationMetric } from './metric.js';
import { euclideanMetric } from './metrics/euclidean.js';
import { perturbationOptions, radius, strategyOptions } from './options.js';
import { type DescentContext, type SharpnessRule, twoPass } from './rule.js';

/** Chooses which coordinates move. */
export interface PerturbationFilter {
  /** Name in configurations and messages. */
  readonly name?: string;
  /** Its configuration, to make it again; absent for a filter that cannot be saved by name. */
  readonly config?: NamedConfig;
  /**
   * The filtered perturbation. The radius is not renormalised: what a filter leaves of δ is shorter than ρ (‖m ⊙ δ‖ ≤ ρ).
   * To spend the whole radius on some of the variables, give the others `groups: [{ match, rho: 0 }]`, or climb along a
   * direction that is zero there (`ascent`).
   */
  apply(perturbation: ParamVector, gradient: ParamVector, oracle: GradientOracle): ParamVector;
}

/** Chooses what is descended, from the gradients of both passes. */
export interface GradientCombiner {
  /** Name in configurations and messages. */
  readonly name?: string;
  /** Its configuration, to make it again; absent for a combiner that cannot be saved by name. */
  readonly config?: NamedConfig;
  /** The direction, from both passes' gradients. */
  combine(context: DescentContext): ParamVector;
}

/** Chooses the vector that the perturbation climbs along: the gradient itself, or something smoother. */
export interface AscentDirection {
  (gradient: ParamVector, oracle: GradientOracle): ParamVector;
  /** Its configuration, to make it again; absent for a direction that cannot be saved by name. */
  readonly config?: NamedConfig;
}

/**
 * Chains two ascent directions: what the first makes of the gradient is what the second is given.
 *
 * @param first - Comes first.
 * @param second - Comes after it. Default: nothing does.
 * @returns A direction of the gradient's shapes, as `ascent` takes it.
 */
export const chainAscents = (first: AscentDirection, second?: AscentDirection): AscentDirection =>
  second ? (gradient, oracle) => second(first(gradient, oracle), oracle) : first;

/**
 * Replaces metric and `ascentStep` together, for balls that no inner product measures (p-norms): the
 * perturbation of radius `rho` along `gradient`.
 */
export interface AscentStep {
  /** Name in configurations and messages. */
  readonly name: string;
  /** Its configuration, to make it again; absent for a step that cannot be saved by name. */
  readonly config?: NamedConfig;
  /** δ of radius `rho` along `gradient`; zero where the gradient is zero or not finite. */
  step(gradient: ParamVector, rho: number, oracle: GradientOracle): ParamVector;
}

/** The parts of a two-pass rule, radius included. */
export const composeOptions = { rho: radius({ default: 0.05 }), ...strategyOptions };
const perturbation = { rho: composeOptions.rho, ...perturbationOptions };

/** The parts of a two-pass rule. Every part left out is plain SAM's. */
export interface Strategies extends OptionsOf<typeof composeOptions> {}

/** A rule that knows what it is composed of. */
export interface ComposedRule extends SharpnessRule {
  /** Its parts; what is left out is plain SAM's. */
  readonly strategies: Strategies;
}

/**
 * A two-pass rule from its parts.
 *
 *   δ = filter(ρ G⁻¹d / √⟨d, G⁻¹d⟩),  d = ascent(∇L(θ)),   direction = combine(∇L(θ), ∇L(θ + δ))
 *
 * @throws RangeError for a negative or non-finite `rho` or an unknown `objective`; TypeError when a part is not
 *   of its kind.
 */
export function compose(strategies: Strategies & { readonly name?: string } = {}): ComposedRule {
  const { name = 'compose', ...given } = strategies;
  const { objective, combine, ...rest } = complete(name, composeOptions, given);
  requireMethod(name, 'combine', combine, 'combine');
  const rule = twoPass({
    name,
    objective,
    perturb: composePerturbation({ ...rest, name }),
    ...(combine && { descend: (context: DescentContext) => combine.combine(context) }),
  });
  return { ...rule, strategies: given };
}

/** The parts of a perturbation. */
export interface PerturbationStrategies extends OptionsOf<typeof perturbation> {}

/**
 * A perturbation from its parts, for rules that are not two passes.
 *
 *   δ = filter(ρ G⁻¹d / √⟨d, G⁻¹d⟩),  d = ascent(g)
 *
 * @returns g ↦ δ at the oracle's weights, with the radius of the oracle's step.
 * @throws RangeError for a negative or non-finite `rho`; TypeError when a part is not of its kind.
 */
export function composePerturbation(
  strategies: PerturbationStrategies & { readonly name?: string },
): (gradient: ParamVector, oracle: GradientOracle) => Perturbation {
  const { name = 'compose', ...given } = strategies;
  const { rho, metric = euclideanMetric(), filter, ascent } = complete(name, perturbation, given);
  const step = perturbationOf(name, metric);
  requireMethod(name, 'filter', filter, 'apply');
  if (ascent !== undefined && typeof ascent !== 'function') {
    throw new TypeError(`${name}: expected ascent to be a function (gradient, oracle) => direction`);
  }
  return (gradient, oracle) => {
    const direction = ascent ? ascent(gradient, oracle) : gradient;
    const radius = nonNegativeAt(name, 'rho', rho, oracle.step);
    // Proportional to its radius, whatever the ball.
    const perturbation = step(gradient, direction, radius, oracle);
    const factors = runsAtHand()?.rho;
    const stretched = factors ? scale(tf.tensor1d([...factors]), materialise(perturbation)) : perturbation;
    return filter ? filter.apply(materialise(stretched), gradient, oracle) : stretched;
  };
}

type Step = (
  gradient: ParamVector,
  direction: ParamVector,
  rho: number,
  oracle: GradientOracle,
) => Perturbation;

function perturbationOf(owner: string, metric: PerturbationMetric | AscentStep): Step {
  if ('at' in metric && typeof metric.at === 'function') {
    return (gradient, direction, rho, oracle) => {
      const inner = metric.at(gradient, oracle);
      const factors = oracle.rhoFactors;
      if (!factors) return ascentPerturbation(inner, direction, rho);
      // In the coordinates F⁻¹θ the gradient is F g; their step is F times as long in θ.
      const scaled = scaleEach(factors, gradient);
      const climbed = direction === gradient ? scaled : scaleEach(factors, direction);
      const stretched = inner.stretched?.(factors, scaled) ?? inner;
      return scaleEach(factors, materialise(ascentPerturbation(stretched, climbed, rho)));
    };
  }
  if ('step' in metric && typeof metric.step === 'function') {
    return (_gradient, direction, rho, oracle) => {
      const factors = oracle.rhoFactors;
      if (!factors) return metric.step(direction, rho, oracle);
      return scaleEach(factors, metric.step(scaleEach(factors, direction), rho, oracle));
    };
  }
  throw new TypeError(
    `${owner}: expected metric to be a PerturbationMetric (with "at") or an AscentStep (with "step")`,
  );
}

function requireMethod(owner: string, option: string, value: object | undefined, method: string): void {
  if (value === undefined || typeof (value as Record<string, unknown>)[method] === 'function') return;
  throw new TypeError(`${owner}: expected ${option} to be an object with a method "${method}"`);
}
