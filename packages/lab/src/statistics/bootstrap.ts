import { type Random, seededRandom } from '@tfjs-sam/datasets';
import { mean } from 'simple-statistics';
import { normalCdf, normalQuantile } from './distributions.js';

/** Lower and upper end of an interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Up to this many resamples are all of them, in place of a drawn part: six values have 46,656. */
const allResamples = 50_000;

/** Resamples that are drawn where there are more; the ends then move by a few thousandths of the width. */
const drawnResamples = 10_000;

/** Means of all n^n resamples of `values`, for few values. */
export function everyResampledMean(values: readonly number[]): number[] {
  let sums = [0];
  for (let draw = 0; draw < values.length; draw++) {
    sums = sums.flatMap((sum) => values.map((value) => sum + value));
  }
  return sums.map((sum) => sum / values.length);
}

function drawnMeans(values: readonly number[], random: Random): number[] {
  const n = values.length;
  return Array.from({ length: drawnResamples }, () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[Math.floor(random() * n)]!;
    return sum / n;
  });
}

const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).sort();

/** Quantile by linear interpolation between the order statistics (NumPy's default, R's type 7). */
function interpolatedQuantile(ascending: ArrayLike<number>, p: number): number {
  const place = p * (ascending.length - 1);
  const below = Math.floor(place);
  const low = ascending[below]!;
  return low + (place - below) * ((ascending[below + 1] ?? low) - low);
}

/**
 * Bias-corrected and accelerated interval for a mean from its bootstrap distribution.
 *
 * @returns undefined where it does not exist: fewer than two values, or all alike.
 * @see Efron 1987, "Better bootstrap confidence intervals".
 */
export function bcaInterval(
  values: readonly number[],
  distribution: readonly number[],
  confidence = 0.95,
): Interval | undefined {
  if (values.length < 2 || isConstant(values)) return undefined;
  const center = mean(values as number[]);
  const deviations = values.map((value) => value - center);
  const squares = deviations.reduce((sum, d) => sum + d * d, 0);
  // Means that equal the sample's count half, also where they were added up in another order.
  const slack = 1e-12 * Math.max(...values.map(Math.abs));
  const below = distribution.reduce(
    (sum, m) => sum + (m < center - slack ? 1 : m <= center + slack ? 0.5 : 0),
    0,
  );
  const bias = normalQuantile(below / distribution.length);
  // The jackknife's third moment over its second, which for a mean is that of the values.
  const acceleration = deviations.reduce((sum, d) => sum + d ** 3, 0) / (6 * squares ** 1.5);
  const ascending = sorted(distribution);
  const end = (z: number): number => {
    const shifted = bias + z;
    return interpolatedQuantile(ascending, normalCdf(bias + shifted / (1 - acceleration * shifted)));
  };
  const tail = normalQuantile((1 + confidence) / 2);
  return { low: end(-tail), high: end(tail) };
}

/**
 * The same to within rounding.
 *
 * @param scale - Size of the numbers that `values` were computed from; their own by default.
 */
export function isConstant(
  values: readonly number[],
  scale = Math.max(...values.map(Math.abs)),
  tolerance = 1e-12,
): boolean {
  return values.every((value) => Math.abs(value - values[0]!) <= tolerance * scale);
}

/**
 * BCa bootstrap interval for the mean: over every resample up to six values, else over 10,000 that a fixed seed draws.
 *
 * @returns undefined for fewer than two values, or where all are alike.
 */
export function bootstrapMean(values: readonly number[], confidence = 0.95): Interval | undefined {
  const all = values.length ** values.length <= allResamples;
  const distribution = all ? everyResampledMean(values) : drawnMeans(values, seededRandom(values.length, 17));
  return bcaInterval(values, distribution, confidence);
}

/**
 * Percentile interval of a statistic over tasks, the runs of each task resampled on their own (rliable's stratified bootstrap).
 *
 * @param tasks - Scores of the runs of each task.
 */
export function stratifiedInterval(
  tasks: readonly (readonly number[])[],
  statistic: (tasks: readonly (readonly number[])[]) => number,
  {
    confidence = 0.95,
    resamples = 2_000,
  }: { readonly confidence?: number; readonly resamples?: number } = {},
): Interval {
  const random = seededRandom(tasks.length, 29);
  const resampled = (runs: readonly number[]): number[] =>
    runs.map(() => runs[Math.floor(random() * runs.length)]!);
  const draws = Array.from({ length: resamples }, () => statistic(tasks.map(resampled)));
  draws.sort((a, b) => a - b);
  const tail = (1 - confidence) / 2;
  return { low: interpolatedQuantile(draws, tail), high: interpolatedQuantile(draws, 1 - tail) };
}
