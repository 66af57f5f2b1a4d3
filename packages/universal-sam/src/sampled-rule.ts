import * as tf from '@tensorflow/tfjs-core';
import {
  complete,
  type Evaluation,
  elementwise,
  type GradientOracle,
  integer,
  map,
  nonNegativeAt,
  number,
  type OptionsOf,
  type ParamVector,
  type RuleStep,
  radius,
  requireOneRadius,
  type Sampler,
  type Schedule,
  type SharpnessRule,
  schedule,
} from '@tfjs-sam/core';
import { directionOptions, directionSampler, distributedOptions } from './directions.js';
import type { SampledSharpness } from './sampled-sharpness.js';

/** Options of every member of the class. */
/*#__NO_SIDE_EFFECTS__*/
export function sampledOptions({
  rho,
  lambda,
  samples,
  least = 1,
}: Readonly<Record<'rho' | 'lambda' | 'samples', number>> & { readonly least?: number }) {
  return {
    rho: radius({ default: rho, unit: 'weight units', doc: 'Radius ρ that scales the directions' }),
    lambda: schedule({
      default: lambda,
      unit: 'dimensionless',
      doc: "Weight λ of the regulariser. It absorbs the factor 1/ρ² of the paper's gradient, as in the published code",
    }),
    samples: integer({
      min: least,
      default: samples,
      doc: 'Directions per step. Each costs one gradient, and memory for one',
    }),
    ...directionOptions,
  };
}

/** Options of every member of the class. */
export interface SampledRuleOptions extends OptionsOf<ReturnType<typeof sampledOptions>> {}

/** A rule's parts, complete. */
export interface SampledRule {
  readonly name: string;
  readonly rho: Schedule;
  readonly lambda: Schedule;
  readonly samples: number;
  readonly draw: Sampler;
  readonly sharpness: SampledSharpness;
}

/**
 * The rule that descends L + λ ρ² R, R a sharpness of sampled rises D_i = (L(θ + ρ s_i) − L(θ))/ρ²:
 *
 *   direction = g + λ Σ_i w_i(D) (∇L(θ + ρ s_i) − g)
 */
export function sampledRule(rule: SampledRule): SharpnessRule {
  return { name: rule.name, direction: (oracle) => directionOf(rule, oracle) };
}

/** Σ + c (g' − g). */
const withChange = elementwise<'c' | 'there' | 'gradient' | 'sum'>((o, { c, there, gradient, sum }) => [
  o.mulAdd(c, o.sub(there, gradient), sum),
]);

function directionOf(
  { name, rho, lambda, samples, draw, sharpness }: SampledRule,
  oracle: GradientOracle,
): RuleStep {
  requireOneRadius(name);
  const { loss, gradient } = oracle.evaluate();
  const radius = nonNegativeAt(name, 'rho', rho, oracle.step);
  const sampled = Array.from({ length: samples }, () =>
    tf.tidy(() => {
      const there = evaluateSample(oracle, draw, radius, oracle.nextDraw());
      return { rise: tf.sub(there.loss, loss), there: there.gradient };
    }),
  );
  const weights = sharpness.weights(
    scaledRises(
      sampled.map(({ rise }) => rise),
      radius,
    ),
  );
  // A weight that overflows is left out: at an infinite weight no change is 0 any more, but NaN.
  const finite = tf.where(tf.isFinite(weights), weights, tf.zerosLike(weights));
  const factors = tf.unstack(tf.mul(nonNegativeAt(name, 'lambda', lambda, oracle.step), finite));
  const direction = sampled.reduce<ParamVector>(
    (sum, { there }, i) => withChange({ c: factors[i]!, there, gradient, sum })[0],
    gradient,
  );
  return { loss, direction };
}

function evaluateSample(oracle: GradientOracle, draw: Sampler, radius: number, index: number): Evaluation {
  const shapes = oracle.variables.map(({ shape }) => shape);
  const factors = oracle.rhoFactors;
  const drawn = draw(shapes, oracle.step, index);
  const direction = factors ? map(drawn, (tensor, i) => tf.mul(tensor, factors[i]!)) : drawn;
  return oracle.evaluate({ perturbation: { scale: tf.scalar(radius), direction } });
}

/** D; zero at radius 0, where there is no rise. */
function scaledRises(rises: readonly tf.Tensor[], radius: number): tf.Tensor1D {
  return tf.mul(tf.stack([...rises]), radius === 0 ? 0 : 1 / radius ** 2) as tf.Tensor1D;
}

const estimateOptions = {
  rho: number({ above: 0, default: 0.01, unit: 'weight units', doc: 'Radius ρ' }),
  samples: integer({ min: 1, default: 100, doc: 'Number of directions, at least 2 for `frobSharpness`' }),
  ...distributedOptions,
};

/** Options of `estimateSharpness`. */
export interface EstimateOptions extends OptionsOf<typeof estimateOptions> {}

/**
 * The quantity that a member of the class regularises, measured at the weights as they are: R(D) from `samples` directions.
 *
 * With float32 losses the rises lose digits as ρ falls: an error of about 6e-8 L/ρ² each. Cost: one gradient per
 * direction, and one.
 *
 * @param oracle - Of the loss to measure: core's `makeOracle(closure)` outside a training.
 * @returns Scalar, in loss units per squared weight unit (trace), their square (Frobenius), or none. The caller
 *   disposes it.
 * @throws RangeError when `rho` or `samples` is out of its range.
 * @example const trace = estimateSharpness(makeOracle(loss), traceSharpness(), { samples: 1000 })
 */
export function estimateSharpness(
  oracle: GradientOracle,
  sharpness: SampledSharpness,
  options: EstimateOptions = {},
): tf.Scalar {
  const { rho, samples, ...directions } = complete('estimateSharpness', estimateOptions, options);
  const draw = directionSampler(directions);
  return tf.tidy(() => {
    const { loss } = oracle.evaluate();
    const rises = Array.from({ length: samples }, (_, index) =>
      tf.tidy(() => tf.sub(evaluateSample(oracle, draw, rho, index).loss, loss)),
    );
    return sharpness.value(scaledRises(rises, rho));
  });
}
