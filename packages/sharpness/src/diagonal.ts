import * as tf from '@tensorflow/tfjs-core';
import {
  add,
  DISAGREEMENT,
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
  settled,
  sub,
  TOO_FAR_APART,
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
 * Cost: a product per probe, and two that compare difference steps (up to eight, see `hutchinsonTrace`). Reliable where the standard error of the whole is below
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
  const { shapes } = map;
  if (!shapes) throw new TypeError('diagonal: expected a map that knows its shapes, got one without');
  const draw = seededSampler('rademacher', seed);
  const { map: finer, apart, gap } = await settled(map, () => draw(shapes, 0, 0));
  // Mean and sum of squared distances from it, by Welford: no large numbers are subtracted.
  let mean: ParamVector | undefined;
  let spread: ParamVector | undefined;
  const next = (index: number) => {
    const [before, spreadBefore] = [mean, spread];
    [mean, spread] = tf.tidy(() => {
      const z = draw(shapes, 0, index);
      const found = mul(z, finer(z));
      if (!before || !spreadBefore) return [found, found.map((x) => tf.zerosLike(x))] as const;
      const step = sub(found, before);
      const moved = add(before, scale(1 / (index + 1), step));
      return [moved, add(spreadBefore, mul(step, sub(found, moved)))] as const;
    }) as unknown as [ParamVector, ParamVector];
    tf.dispose([before ?? [], spreadBefore ?? []]);
  };
  try {
    for (let index = 0; index < probes; index++) next(index);
  } catch (error) {
    tf.dispose([mean ?? [], spread ?? []]);
    throw error;
  }
  const standardErrors = tf.tidy(() =>
    zip(spread!, spread!, (x) => tf.sqrt(tf.div(x, (probes - 1) * probes))),
  );
  tf.dispose(spread!);
  const numbers = tf.tidy(() => tf.stack([norm(mean!), norm(standardErrors)]));
  const [size, error] = (await numbers.data()) as unknown as [number, number];
  numbers.dispose();
  // Signs do not change a length: z ⊙ A z is as far apart as A z.
  const away = Math.hypot(error, apart / 3);
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
      (gap > TOO_FAR_APART || apart / 3 > 0.25 * size) && DISAGREEMENT,
      unheldKinks(map),
    ]),
  };
}
