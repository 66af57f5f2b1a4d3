import * as tf from '@tensorflow/tfjs-core';
import {
  add,
  DISAGREEMENT,
  dot,
  judge,
  type LinearMap,
  mul,
  NOT_FINITE,
  norm,
  type ParamVector,
  type Reliability,
  requireInteger,
  scale,
  seededSampler,
  sub,
  unheldKinks,
  zip,
} from '@tfjs-sam/core';

/** An estimated diagonal. */
export interface DiagonalEstimate extends Reliability {
  /** One tensor per variable, in units of the matrix's entries. The caller disposes them. */
  readonly values: ParamVector;
  /** Standard errors of the entries. The caller disposes them. */
  readonly standardErrors: ParamVector;
  /** √Σ standard error² / ‖diagonal‖, with what two difference steps differ by: how far the whole is off. */
  readonly relativeError: number;
  readonly probes: number;
}

/**
 * A matrix's diagonal by Hutchinson's estimate, the mean of z ⊙ A z over probes z of random signs, with its standard errors.
 *
 * Cost: a product per probe, and one that compares difference steps. Reliable where the standard error of the whole is below
 * a quarter of it, and two difference steps agree within that.
 *
 * @param options - `probes`, an integer >= 2, default 30; `seed`, default 0.
 * @throws RangeError when an option is out of its range.
 * @see Bekas et al. 2007, "An estimator for the diagonal of a matrix".
 */
export async function diagonal(
  map: LinearMap,
  {
    probes = 30,
    seed = 0,
  }: { readonly probes?: number | undefined; readonly seed?: number | undefined } = {},
): Promise<DiagonalEstimate> {
  requireInteger('diagonal', 'probes', probes, 2);
  const { shapes, differences } = map;
  if (!shapes) throw new TypeError('diagonal: expected a map that knows its shapes, got one without');
  const draw = seededSampler('rademacher', seed);
  const at = (index: number, apply: (v: ParamVector) => ParamVector) =>
    tf.tidy(() => {
      const z = draw(shapes, 0, index);
      return mul(z, apply(z));
    });
  // Mean and sum of squared distances from it, by Welford: no large numbers are subtracted.
  let mean: ParamVector | undefined;
  let spread: ParamVector | undefined;
  let off = tf.scalar(0);
  const next = (index: number) => {
    const [before, spreadBefore, offBefore] = [mean, spread, off];
    [mean, spread, off] = tf.tidy(() => {
      const found = at(index, map);
      if (!before || !spreadBefore) {
        const coarse = differences ? at(index, differences.at(2 * differences.own)) : found;
        return [found, found.map((x) => tf.zerosLike(x)), norm(sub(coarse, found))] as const;
      }
      const step = sub(found, before);
      const moved = add(before, scale(1 / (index + 1), step));
      return [moved, add(spreadBefore, mul(step, sub(found, moved))), tf.clone(offBefore)] as const;
    }) as unknown as [ParamVector, ParamVector, tf.Scalar];
    tf.dispose([before ?? [], spreadBefore ?? [], offBefore]);
  };
  try {
    for (let index = 0; index < probes; index++) next(index);
  } catch (error) {
    tf.dispose([mean ?? [], spread ?? [], off]);
    throw error;
  }
  const standardErrors = tf.tidy(() =>
    zip(spread!, spread!, (x) => tf.sqrt(tf.div(x, (probes - 1) * probes))),
  );
  tf.dispose(spread!);
  const numbers = tf.tidy(() => tf.stack([norm(mean!), tf.sqrt(dot(standardErrors, standardErrors)), off]));
  const [size, error, gap] = (await numbers.data()) as unknown as [number, number, number];
  tf.dispose([numbers, off]);
  const away = Math.hypot(error, gap / 3);
  // A matrix without a diagonal is known exactly.
  const relativeError = away === 0 ? 0 : away / size;
  return {
    values: mean!,
    standardErrors,
    relativeError,
    probes,
    ...judge([
      !Number.isFinite(size) && NOT_FINITE,
      relativeError > 0.25 &&
        `its standard error is ${Math.round(100 * relativeError)} % of it: draw more probes`,
      gap / 3 > 0.25 * size && DISAGREEMENT,
      unheldKinks(map),
    ]),
  };
}
