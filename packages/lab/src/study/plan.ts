import type { EpochRecord, Point } from '../results.js';
import type { ChooseOptions } from './schema.js';

/** A trial by its identity: all that a plan asks of it. */
interface Identified {
  readonly id: string;
}

/** A point of an arm's search on one task, and its trials by seed. */
export interface PlannedPoint<T extends Identified> {
  readonly point: Point;
  readonly trials: readonly T[];
}

/** One arm on one task: what a choice is made within. */
export interface PlannedGroup<T extends Identified, P extends PlannedPoint<T> = PlannedPoint<T>> {
  readonly task: string;
  readonly arm: string;
  readonly epochs: number;
  readonly metric: string;
  readonly better: 'higher' | 'lower';
  readonly points: readonly P[];
}

/** The knowledge of a trial: its epochs, whether it is over, and whether it failed for good. */
export interface Known {
  readonly state: 'open' | 'done' | 'failed';
  readonly epochs: readonly EpochRecord[];
}

/** A trial to do now, up to some epoch. */
export interface Work<T extends Identified> {
  readonly spec: T;
  /** Last epoch to train; undefined for all. */
  readonly until?: number | undefined;
}

/** The work to be done for one arm on one task, as far as what is known tells. */
export interface Plan<T extends Identified> {
  /** Index of the point that goes into the comparison, once it is known. */
  readonly chosen?: number | undefined;
  /** True where none ever will be: all trials that it would be chosen by failed or diverged. */
  readonly hopeless?: boolean;
  /** Points that were not worth more epochs, by index: why. */
  readonly stopped: ReadonlyMap<number, string>;
  readonly work: readonly Work<T>[];
}

/** Epochs after which points are compared, the last one among them. */
function rungs({ stopping }: ChooseOptions, epochs: number): number[] {
  if (stopping.name === 'none') return [epochs];
  const found: number[] = [];
  for (
    let rung = stopping.from;
    rung < epochs;
    rung = stopping.name === 'median' ? rung + stopping.every : rung * stopping.reduction
  )
    found.push(rung);
  return [...found, epochs];
}

/** The choosing metric of a trial after some epoch; null where it diverged before. */
function scoreAt(
  known: Known,
  group: Pick<PlannedGroup<Identified>, 'metric' | 'better' | 'epochs'>,
  at: ChooseOptions['at'],
  rung: number,
): number | null {
  if (known.state === 'failed') return null;
  const records = known.epochs.filter(({ epoch }) => epoch <= rung);
  if (
    known.state === 'done' &&
    (records.at(-1)?.epoch ?? 0) < Math.min(rung, group.epochs) &&
    diverged(known)
  )
    return null;
  const values = records.map(({ validation }) => validation[group.metric] ?? null);
  if (at === 'last') return values.at(-1) ?? null;
  const finite = values.filter((value) => value !== null);
  if (finite.length === 0) return null;
  return group.better === 'higher' ? Math.max(...finite) : Math.min(...finite);
}

const diverged = ({ epochs }: Known): boolean => epochs.at(-1)?.train.loss === null;

/** Mean over seeds, upwards is better; a seed that failed or diverged makes a point the worst. */
function meanScore(scores: readonly (number | null)[], better: 'higher' | 'lower'): number {
  if (scores.length === 0 || scores.some((score) => score === null)) return Number.NEGATIVE_INFINITY;
  const mean = scores.reduce<number>((sum, score) => sum + score!, 0) / scores.length;
  return better === 'higher' ? mean : -mean;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The points that go on after a rung, of those that reached it. The first of equal ones is preferred. */
function survivors(
  alive: readonly number[],
  scores: readonly number[],
  stopping: ChooseOptions['stopping'],
): number[] {
  if (stopping.name === 'none') return [...alive];
  if (stopping.name === 'median') {
    const limit = medianOf(scores);
    return alive.filter((_, i) => scores[i]! >= limit);
  }
  const order = alive.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const kept = new Set(order.slice(0, Math.ceil(alive.length / stopping.reduction)));
  return alive.filter((_, i) => kept.has(i));
}

const isOver = ({ state }: Known): boolean => state !== 'open';

/**
 * The next work for one arm on one task: a function of what is known alone, so that the choice does not depend
 * on workers, order or interruptions. Points are compared once all of them have reached a rung, by their mean over the
 * choosing seeds; then the chosen one trains from every seed, to the end. Where all points lack a number for some seed, the
 * one that lacks the fewest is chosen, and none where all lack all.
 */
export function planGroup<T extends Identified>(
  group: PlannedGroup<T>,
  choose: ChooseOptions,
  knownOf: (id: string) => Known,
): Plan<T> {
  const stopped = new Map<number, string>();
  const toEnd = (point: PlannedPoint<T>): Work<T>[] =>
    point.trials.filter(({ id }) => !isOver(knownOf(id))).map((spec) => ({ spec }));
  if (group.points.length === 1) return { chosen: 0, stopped, work: toEnd(group.points[0]!) };
  let alive = group.points.map((_, index) => index);
  const choosing = (index: number): readonly T[] => group.points[index]!.trials.slice(0, choose.seeds);
  const numbersAt = (index: number, rung: number) =>
    choosing(index).map(({ id }) => scoreAt(knownOf(id), group, choose.at, rung));
  let scores: number[] = [];
  for (const rung of rungs(choose, group.epochs)) {
    const last = rung >= group.epochs;
    const open = alive.flatMap((index) =>
      choosing(index).filter(({ id }) => {
        const known = knownOf(id);
        return !isOver(known) && (last || known.epochs.length < rung);
      }),
    );
    if (open.length > 0)
      return { stopped, work: open.map((spec) => ({ spec, ...(!last && { until: rung }) })) };
    scores = alive.map((index) => meanScore(numbersAt(index, rung), group.better));
    if (last) break;
    const kept = survivors(alive, scores, choose.stopping);
    for (const index of alive)
      if (!kept.includes(index))
        stopped.set(index, `not among the best after epoch ${rung} (${choose.stopping.name})`);
    alive = kept;
  }
  let best = Math.max(...scores);
  if (best === Number.NEGATIVE_INFINITY) {
    scores = alive.map((index) => numbersAt(index, group.epochs).filter((score) => score !== null).length);
    best = Math.max(...scores);
    if (best === 0) return { hopeless: true, stopped, work: [] };
  }
  const chosen = alive[scores.indexOf(best)]!;
  return { chosen, stopped, work: toEnd(group.points[chosen]!) };
}
