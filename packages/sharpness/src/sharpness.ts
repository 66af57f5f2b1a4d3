import * as tf from '@tensorflow/tfjs-core';
import {
  ascentStep,
  axpy,
  complete,
  dot,
  euclideanMetric,
  type GradientOracle,
  judge,
  map,
  norm,
  type OptionsOf,
  type ParamVector,
  type PerturbationMetric,
  scale,
  seededSampler,
} from '@tfjs-sam/core';
import { averageOptions, worstCaseOptions } from './options.js';
import { type Estimate, meanOf } from './spectrum.js';

/** Options of `worstCaseSharpness`. */
export interface WorstCaseOptions extends OptionsOf<typeof worstCaseOptions> {
  /** The ball: any metric (ASAM's is `elementwiseMetric()`), or 'infinity' for the largest entry. Default Euclidean. */
  readonly metric?: PerturbationMetric | 'infinity' | undefined;
  /** Seed of the starts. Default 0. */
  readonly seed?: number | undefined;
}

/** A worst case found: a lower bound of the true one. */
export interface WorstCase extends Estimate {
  /** L(θ). */
  readonly loss: number;
  /** ‖δ‖, Euclidean, of the point that was found. */
  readonly distance: number;
}

interface Ball {
  /** A step of length `size` along the steepest ascent. */
  ascent(gradient: ParamVector, size: number): ParamVector;
  /** The nearest point on the way to the centre that lies in the ball. */
  project(delta: ParamVector): ParamVector;
}

function ballOf(metric: PerturbationMetric | 'infinity', oracle: GradientOracle, rho: number): Ball {
  if (metric === 'infinity')
    return {
      ascent: (gradient, size) => map(gradient, (g) => tf.mul(size, tf.sign(g))),
      project: (delta) => map(delta, (d) => tf.clipByValue(d, -rho, rho)),
    };
  const inner = metric.at(oracle.evaluate().gradient, oracle);
  return {
    ascent: (gradient, size) => ascentStep(inner, gradient, size),
    project: (delta) =>
      tf.tidy(() => {
        const length = tf.sqrt(dot(delta, inner.apply(delta)));
        return scale(tf.minimum(1, tf.divNoNan(rho, length)), delta);
      }),
  };
}

/**
 * max L(θ + δ) − L(θ) over a ball of any metric, by projected ascent: a lower bound.
 *
 * Cost: `restarts` · `steps` gradients (the first from θ is free) and as many values.
 *
 * @throws RangeError when an option is out of its range.
 * @see Foret et al. 2021 (steps 1). https://arxiv.org/abs/2010.01412
 */
export async function worstCaseSharpness(
  oracle: GradientOracle,
  { metric = euclideanMetric(), seed = 0, ...options }: WorstCaseOptions = {},
): Promise<WorstCase> {
  const { rho, steps, restarts } = complete('worstCaseSharpness', worstCaseOptions, options);
  const shapes = oracle.variables.map(({ shape }) => shape);
  const draw = seededSampler('gaussian', seed);
  // Steps of a fixed share of the ball reach its border and can turn round there.
  const size = steps === 1 ? rho : (2.5 * rho) / steps;
  const found = tf.tidy(() => {
    const ball = ballOf(metric, oracle, rho);
    const numbers: tf.Tensor[] = [oracle.value()];
    for (let start = 0; start < restarts; start++) {
      let delta: ParamVector | undefined =
        start === 0 ? undefined : ball.ascent(draw(shapes, 0, start), rho / 2);
      for (let step = 0; step < steps; step++) {
        const before = delta;
        delta = tf.tidy(() => {
          const { gradient } = oracle.evaluate(before && { perturbation: before, probe: true });
          const uphill = ball.ascent(gradient, size);
          return ball.project(before ? axpy(1, before, uphill) : uphill);
        });
        tf.dispose(before ?? []);
        numbers.push(oracle.value({ perturbation: delta }), norm(delta));
      }
    }
    return tf.stack(numbers);
  });
  const [loss, ...rest] = Array.from(await found.data());
  found.dispose();
  let best = 0;
  for (let i = 0; i < rest.length; i += 2) if (rest[i]! > rest[best]!) best = i;
  const value = rest[best]! - loss!;
  const finite = rest.every(Number.isFinite);
  return {
    value,
    loss: loss!,
    distance: rest[best + 1]!,
    reliable: finite && value > 0,
    ...(!finite && { reason: 'a loss is not finite: take a smaller rho' }),
    ...(finite && value <= 0 && { reason: 'the ascent found nothing higher: take more steps or restarts' }),
  };
}

/** Options of `averageSharpness`. */
export interface AverageOptions extends OptionsOf<typeof averageOptions> {
  /** Seed of the draws. Default 0. */
  readonly seed?: number | undefined;
}

/**
 * Mean of L(θ + σ z) − L(θ) over Gaussian z: average-case sharpness, ½σ² tr H for small σ. Each z is taken with −z.
 *
 * Cost: two values per sample.
 *
 * @throws RangeError when an option is out of its range.
 */
export async function averageSharpness(
  oracle: GradientOracle,
  { seed = 0, ...options }: AverageOptions = {},
): Promise<Estimate> {
  const { sigma, samples, adaptive } = complete('averageSharpness', averageOptions, options);
  const shapes = oracle.variables.map(({ shape }) => shape);
  const draw = seededSampler('gaussian', seed);
  const found = tf.tidy(() => {
    const loss = oracle.value();
    const each = Array.from({ length: samples }, (_, index) =>
      tf.tidy(() => {
        const z = draw(shapes, 0, index);
        const delta = map(z, (t, i) => tf.mul(sigma, adaptive ? tf.mul(t, tf.abs(oracle.variables[i]!)) : t));
        const there = oracle.value({ perturbation: delta });
        const opposite = oracle.value({ perturbation: scale(-1, delta) });
        return tf.sub(tf.div(tf.add(there, opposite), 2), loss);
      }),
    );
    return tf.stack(each);
  });
  const values = Array.from(await found.data());
  found.dispose();
  const mean = meanOf(values);
  const finite = Number.isFinite(mean.value);
  return {
    ...mean,
    ...judge([
      !finite && 'a loss is not finite: take a smaller sigma',
      finite &&
        !(mean.standardError < Math.abs(mean.value)) &&
        'the standard error is as large as the number: draw more samples or take a larger sigma',
    ]),
  };
}

/** ‖∇L(θ)‖. Cost: none beyond the oracle's own gradient. */
export async function gradientNorm(oracle: GradientOracle): Promise<number> {
  const length = tf.tidy(() => norm(oracle.evaluate().gradient));
  const [value] = await length.data();
  length.dispose();
  return value!;
}
