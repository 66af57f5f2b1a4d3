import { type Observed, type SeedSummary, summariseSeeds } from './seeds.js';

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

/** Height of a run at `x`, on the line between its neighbours; null outside. */
function between(run: Run, x: number): number | null {
  const next = run.findIndex(([at]) => at >= x - 1e-9 * Math.abs(x));
  if (next < 0) return null;
  const [x1, y1] = run[next]!;
  if (next === 0) return x1 - x <= 1e-9 * Math.abs(x) ? y1 : null;
  const [x0, y0] = run[next - 1]!;
  if (y0 === null || y1 === null) return null;
  return x1 === x0 ? y1 : y0 + (y1 - y0) * Math.min(1, (x - x0) / (x1 - x0));
}

/** A mean over runs at one place. */
export interface BandPoint extends SeedSummary {
  readonly x: number;
}

/**
 * Mean and interval over runs along x.
 *
 * Where runs stand at different x (seconds), the grid has as many places as the longest run and ends where the first
 * run ends, so that every mean is over all of them.
 */
export function bandOver(runs: readonly Run[]): BandPoint[] {
  const drawn = runs.filter((run) => run.length > 0);
  if (drawn.length === 0) return [];
  const longest = drawn.reduce((a, b) => (b.length > a.length ? b : a));
  const shared = drawn.every((run) => run.every(([x], i) => x === longest[i]?.[0]));
  const at = (x: number, run: Run): Observed =>
    shared ? (run.find(([own]) => own === x)?.[1] ?? null) : between(run, x);
  return grid(drawn, longest, shared).map((x) => ({ x, ...summariseSeeds(drawn.map((run) => at(x, run))) }));
}

function grid(runs: readonly Run[], longest: Run, shared: boolean): number[] {
  if (shared) return longest.map(([x]) => x);
  const from = Math.max(...runs.map((run) => run[0]![0]));
  const to = Math.min(...runs.map((run) => run.at(-1)![0]));
  if (to <= from) return [to];
  const count = Math.max(2, longest.length);
  return Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}
