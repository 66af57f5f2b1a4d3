import { mean, sampleStandardDeviation } from 'simple-statistics';
import { isConstant } from './bootstrap.js';
import { tTwoSided } from './distributions.js';

/** A test's statistic and its two-sided p value. */
export interface TestResult {
  readonly statistic: number;
  readonly p: number;
}

/** Pairs from which the signed-rank test can say anything at the level of 5 %: with five, p is at least 0.0625. */
export const signedRankFrom = 6;

/** Ranks from 1, equal values sharing the mean of theirs. */
export function midranks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const ranks: number[] = [];
  for (let first = 0; first < order.length; ) {
    let end = first;
    while (end < order.length && values[order[end]!] === values[order[first]!]) end++;
    for (let k = first; k < end; k++) ranks[order[k]!] = (first + end + 1) / 2;
    first = end;
  }
  return ranks;
}

/**
 * Exact Wilcoxon signed-rank test of differences about zero, two-sided.
 *
 * Counts all sign patterns, so that ties are exact too; differences of zero are left out, as Wilcoxon did.
 *
 * @param differences - Finite numbers; at most some hundreds, for the time goes with the cube of their number.
 * @returns Smaller of the two rank sums and p; undefined where every difference is zero.
 */
export function signedRankTest(differences: readonly number[]): TestResult | undefined {
  const kept = differences.filter((difference) => difference !== 0);
  if (kept.length === 0) return undefined;
  // Twice the midranks: whole numbers.
  const ranks = midranks(kept.map(Math.abs)).map((rank) => 2 * rank);
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  // share[s] is the fraction of sign patterns whose positive ranks add up to s.
  const share = new Float64Array(total + 1);
  share[0] = 1;
  for (const rank of ranks) {
    for (let sum = total; sum >= 0; sum--) share[sum] = (share[sum]! + (share[sum - rank] ?? 0)) / 2;
  }
  const positive = ranks.reduce((sum, rank, i) => sum + (kept[i]! > 0 ? rank : 0), 0);
  const smaller = Math.min(positive, total - positive);
  const tail = share.subarray(0, smaller + 1).reduce((sum, part) => sum + part, 0);
  return { statistic: smaller / 2, p: Math.min(1, 2 * tail) };
}

/**
 * Student's t test of differences about zero, two-sided.
 *
 * @returns undefined for fewer than two differences, or where all are alike and the test does not exist.
 */
export function tTest(differences: readonly number[]): TestResult | undefined {
  const n = differences.length;
  if (n < 2 || isConstant(differences)) return undefined;
  const values = differences as number[];
  const statistic = mean(values) / (sampleStandardDeviation(values) / Math.sqrt(n));
  return { statistic, p: tTwoSided(statistic, n - 1) };
}

/** Holm's step-down correction: adjusted p values in the order given; undefined stays, and does not count. */
export function holm(pValues: readonly (number | undefined)[]): (number | undefined)[] {
  const order = pValues.flatMap((p, index) => (p === undefined ? [] : [{ p, index }]));
  order.sort((a, b) => a.p - b.p);
  const adjusted: (number | undefined)[] = pValues.map(() => undefined);
  let largest = 0;
  for (const [place, { p, index }] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (order.length - place) * p));
    adjusted[index] = largest;
  }
  return adjusted;
}
