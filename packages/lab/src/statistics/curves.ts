import { mean } from 'simple-statistics';
import { type SeedSummary, summariseSeeds } from './seeds.js';

/** Points `[x, y]` of one run with rising x; y is null where it is not finite. */
export type Run = readonly (readonly [number, number | null])[];

/**
 * Height of a run at `x`: what had been reached by then, the last point at or before it.
 *
 * @returns null before the first point, and after the run's last one, which tells nothing of later.
 */
export function reachedAt(run: Run, x: number): number | null {
  // A rounding error must not take the last point away.
  const slack = 1e-9 * Math.abs(x);
  const last = run.at(-1);
  if (!last || last[0] < x - slack) return null;
  return run.filter(([at]) => at <= x + slack).at(-1)?.[1] ?? null;
}

/** A mean over runs at one place. */
export interface BandPoint extends SeedSummary {
  readonly x: number;
}

/**
 * Mean and interval over runs, point by point: x is the mean too, for seconds differ from run to run.
 *
 * A run that ended early is missing from there on, which the points' notes say.
 */
export function bandOver(runs: readonly Run[]): BandPoint[] {
  const length = Math.max(0, ...runs.map((run) => run.length));
  return Array.from({ length }, (_, k) => {
    const places = runs.flatMap((run) => run[k]?.[0] ?? []);
    return { x: mean(places), ...summariseSeeds(runs.map((run) => run[k]?.[1])) };
  });
}
