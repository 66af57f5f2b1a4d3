import { mean } from 'simple-statistics';
import { chiSquaredUpper, rangeQuantile } from './distributions.js';
import { midranks } from './tests.js';

/** Scores of one arm: its runs on each task, tasks in the same order for all arms. */
export type ScoresByTask = readonly (readonly number[])[];

/**
 * Mean of the middle half of all runs (interquartile mean), a quarter of them cut at either end.
 *
 * @returns NaN without runs.
 * @see Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical precipice". arXiv:2108.13264
 */
export function interquartileMean(values: readonly number[]): number {
  const ascending = Float64Array.from(values).sort();
  const cut = Math.floor(ascending.length / 4);
  const middle = ascending.subarray(cut, ascending.length - cut);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/**
 * Probability that a run of `arm` is better than one of `other` on a task drawn at random, ties counting half.
 *
 * @returns NaN where a task has no run of either.
 */
export function probabilityOfImprovement(arm: ScoresByTask, other: ScoresByTask): number {
  const ofTask = arm.map((runs, task) => {
    const others = other[task] ?? [];
    let wins = 0;
    // Plain loops: a bootstrap comes here some thousand times per arm.
    for (const a of runs) for (const b of others) wins += a > b ? 1 : a === b ? 0.5 : 0;
    return wins / (runs.length * others.length);
  });
  return ofTask.length > 0 ? mean(ofTask) : Number.NaN;
}

/** Fraction of all runs whose score lies above each threshold. */
export function performanceProfile(tasks: ScoresByTask, thresholds: readonly number[]): number[] {
  const scores = tasks.flat();
  return thresholds.map((t) => scores.filter((score) => score > t).length / scores.length);
}

/** Arms ranked over tasks. */
export interface CriticalDifference {
  /** Mean rank of each arm over tasks, 1 the best. */
  readonly ranks: readonly number[];
  /** Two arms whose mean ranks are nearer than this are not told apart at 5 % (Nemenyi). */
  readonly difference: number;
  /** Friedman's test that all arms are alike, corrected for ties; undefined where all tie on every task. */
  readonly friedman: { readonly statistic: number; readonly p: number } | undefined;
  /** Largest groups of arms that are not told apart: numbers of arms, best first. */
  readonly groups: readonly (readonly number[])[];
  readonly notes: readonly string[];
}

/** Friedman's χ² with the correction for ties. */
function friedmanTest(ranksByTask: readonly (readonly number[])[]): CriticalDifference['friedman'] {
  const tasks = ranksByTask.length;
  const arms = ranksByTask[0]!.length;
  const sums = ranksByTask[0]!.map((_, arm) => ranksByTask.reduce((sum, ranks) => sum + ranks[arm]!, 0));
  const tied = ranksByTask.reduce((all, ranks) => {
    const counts = new Map<number, number>();
    for (const rank of ranks) counts.set(rank, (counts.get(rank) ?? 0) + 1);
    return all + [...counts.values()].reduce((sum, t) => sum + t ** 3 - t, 0);
  }, 0);
  const correction = 1 - tied / (tasks * arms * (arms ** 2 - 1));
  if (correction <= 0) return undefined;
  const squares = sums.reduce((sum, s) => sum + s * s, 0);
  const plain = (12 * squares) / (tasks * arms * (arms + 1)) - 3 * tasks * (arms + 1);
  const statistic = plain / correction;
  return { statistic, p: chiSquaredUpper(statistic, arms - 1) };
}

/** Largest runs of arms, by rank, that lie within `difference` of each other; a run inside another is left out. */
function indistinct(ranks: readonly number[], difference: number): number[][] {
  const order = ranks.map((_, arm) => arm).sort((a, b) => ranks[a]! - ranks[b]!);
  const groups: number[][] = [];
  let reached = 0;
  for (let first = 0; first < order.length; first++) {
    let end = first + 1;
    while (end < order.length && ranks[order[end]!]! - ranks[order[first]!]! < difference) end++;
    if (end > reached && end - first > 1) groups.push(order.slice(first, end));
    reached = Math.max(reached, end);
  }
  return groups;
}

/**
 * Friedman's test and Nemenyi's critical difference of arms over tasks.
 *
 * @param scores - `scores[arm][task]`, higher is better.
 * @returns undefined for fewer than two tasks or two arms: there is nothing to rank over.
 * @see Demšar 2006, "Statistical comparisons of classifiers over multiple data sets".
 */
export function criticalDifference(scores: readonly (readonly number[])[]): CriticalDifference | undefined {
  const arms = scores.length;
  const tasks = scores[0]?.length ?? 0;
  if (arms < 2 || tasks < 2) return undefined;
  const ranksByTask = Array.from({ length: tasks }, (_, task) => midranks(scores.map((arm) => -arm[task]!)));
  const ranks = scores.map((_, arm) => mean(ranksByTask.map((of) => of[arm]!)));
  const difference = (rangeQuantile(0.95, arms) / Math.SQRT2) * Math.sqrt((arms * (arms + 1)) / (6 * tasks));
  const notes =
    tasks < 5 ? [`${tasks} tasks: the critical difference rests on too few to be more than a picture`] : [];
  return {
    ranks,
    difference,
    friedman: friedmanTest(ranksByTask),
    groups: indistinct(ranks, difference),
    notes,
  };
}
