import { mean, sampleStandardDeviation } from 'simple-statistics';
import { bootstrapMean, type Interval, isConstant } from './bootstrap.js';
import { detectableEffect, tQuantile } from './distributions.js';
import { signedRankFrom, signedRankTest, type TestResult, tTest } from './tests.js';

/** A number of one seed; null, undefined or not finite where the trial has none (diverged, failed, not run). */
export type Observed = number | null | undefined;

/** Statistics of one number over seeds. */
export interface SeedSummary {
  /** Seeds that have a number. */
  readonly n: number;
  /** Seeds that have none: diverged, failed, not run. */
  readonly missing: number;
  /** Mean over the seeds that have a number; NaN without any. */
  readonly mean: number;
  /** Sample standard deviation; undefined for fewer than two. */
  readonly sd: number | undefined;
  /** 95 % t interval for the mean over seeds; undefined for fewer than two, or without variance. */
  readonly interval: Interval | undefined;
  /** Reservations about these numbers, in words. */
  readonly notes: readonly string[];
}

const isNumber = (value: Observed): value is number => typeof value === 'number' && Number.isFinite(value);

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

function tInterval(values: readonly number[], confidence: number): Interval | undefined {
  const n = values.length;
  if (n < 2 || isConstant(values)) return undefined;
  const center = mean(values as number[]);
  const half =
    (tQuantile((1 + confidence) / 2, n - 1) * sampleStandardDeviation(values as number[])) / Math.sqrt(n);
  return { low: center - half, high: center + half };
}

/** Mean and t interval over seeds, with a word on whatever is missing or cannot be said. */
export function summariseSeeds(observed: readonly Observed[], confidence = 0.95): SeedSummary {
  const values = observed.filter(isNumber);
  const n = values.length;
  const missing = observed.length - n;
  const notes: string[] = [];
  if (n === 0) notes.push('no seed has a number');
  else if (missing > 0)
    notes.push(
      `${missing} of ${plural(observed.length, 'seed')} without a number: the mean leaves them out and flatters`,
    );
  if (n === 1) notes.push('one seed: no interval');
  if (n > 1 && isConstant(values))
    notes.push(`all ${n} seeds gave the same number: no interval, and no proof that the next seed would`);
  return {
    n,
    missing,
    mean: n > 0 ? mean(values) : Number.NaN,
    sd: n > 1 ? sampleStandardDeviation(values) : undefined,
    interval: tInterval(values, confidence),
    notes,
  };
}

/** Differences of an arm from the baseline, seed by seed. */
export interface PairedDifference {
  /** Pairs: seeds for which both have a number. */
  readonly n: number;
  /** Seeds that either lacks. */
  readonly missing: number;
  /** arm − baseline, of the pairs. */
  readonly differences: readonly number[];
  /** Mean of the differences; NaN without any. */
  readonly mean: number;
  readonly sd: number | undefined;
  /** 95 % t interval. */
  readonly interval: Interval | undefined;
  /** 95 % BCa bootstrap interval: narrower than it should be with few seeds, which `notes` then say. */
  readonly bootstrap: Interval | undefined;
  readonly tTest: TestResult | undefined;
  /** Exact signed-rank test, from six pairs on. */
  readonly signedRank: TestResult | undefined;
  /** Smallest true difference that this many pairs of this spread find in four of five repetitions. */
  readonly detectable: number | undefined;
  readonly notes: readonly string[];
}

/** Pairs below which the bootstrap interval is said to be too narrow; see the simulation of coverage. */
export const bootstrapTrustedFrom = 20;

/**
 * Rounding of metrics relative to their size: a backend computes them with 24 bits. Differences nearer than this are
 * ties, else a difference of one image in every pair would have a tiny variance, and a t test that believes it.
 */
const rounding = 1e-6;

function pairedNotes(differences: readonly number[], constant: boolean, missing: number): string[] {
  const n = differences.length;
  const notes: string[] = [];
  if (n === 0) return ['no seed has a number in both arms: nothing to compare'];
  if (missing > 0)
    notes.push(
      `${plural(missing, 'pair')} left out, for one of the two has no number: the difference may flatter`,
    );
  if (n === 1) return [...notes, 'one pair: a difference, but no interval and no test'];
  if (constant) {
    const what = differences.every((difference) => difference === 0)
      ? 'no difference in any pair'
      : 'the same difference in every pair';
    return [...notes, `${what}: no variance, so that neither interval nor t test exists`];
  }
  if (n < signedRankFrom) {
    const smallest = 2 ** (1 - n);
    notes.push(
      `signed-rank test left out: with ${plural(n, 'pair')} its p cannot go below ${smallest}, it needs ${signedRankFrom}`,
    );
  }
  if (n < bootstrapTrustedFrom)
    notes.push(`bootstrap interval of ${plural(n, 'pair')}: too narrow, go by the t interval`);
  return notes;
}

/**
 * Compares an arm with the baseline over the seeds that they share.
 *
 * @param arm - Numbers by seed.
 * @param baseline - The baseline's for the same seeds in the same order.
 */
export function comparePaired(arm: readonly Observed[], baseline: readonly Observed[]): PairedDifference {
  if (arm.length !== baseline.length) {
    throw new Error(
      `comparePaired: expected as many numbers as the baseline has, ${baseline.length}, got ${arm.length}`,
    );
  }
  const differences = arm.flatMap((value, i) => {
    const other = baseline[i];
    return isNumber(value) && isNumber(other) ? [value - other] : [];
  });
  const n = differences.length;
  const scale = Math.max(...[...arm, ...baseline].filter(isNumber).map(Math.abs));
  const constant = n > 0 && isConstant(differences, scale, rounding);
  // Ties that rounding has torn apart are ties again.
  const ranked = differences.map((difference) => Math.round(difference / (rounding * scale)));
  const sd = n > 1 ? sampleStandardDeviation(differences) : undefined;
  return {
    n,
    missing: arm.length - n,
    differences,
    mean: n > 0 ? mean(differences) : Number.NaN,
    sd,
    interval: constant ? undefined : tInterval(differences, 0.95),
    bootstrap: constant ? undefined : bootstrapMean(differences),
    tTest: constant ? undefined : tTest(differences),
    signedRank: n >= signedRankFrom ? signedRankTest(ranked) : undefined,
    detectable: sd === undefined || constant ? undefined : sd * detectableEffect(n),
    notes: pairedNotes(differences, constant, arm.length - n),
  };
}
