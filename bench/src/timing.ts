import { setTimeout as sleep } from 'node:timers/promises';
import { median, quantile } from 'simple-statistics';

/** Several measurements: their median and quartiles. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** How long to measure. */
export interface Rounds {
  /** Rounds that count, >= 1. */
  readonly rounds: number;
  /** Rounds that do not: compilation, memory growth. */
  readonly warmUp: number;
  /** Milliseconds that the warm-up lasts at least: V8 compiles a hot path in stages. Default 0. */
  readonly settle?: number;
  /** Milliseconds after which no further round begins; one round always counts. Default none. */
  readonly limit?: number;
  /** Milliseconds of rest before each call: threads of another side may still look for work. Default none. */
  readonly rest?: number;
}

/** What is timed; a promise is waited for. */
export type Timed = () => unknown;

/** One call's time in milliseconds. */
async function timeOf(f: Timed): Promise<number> {
  const start = performance.now();
  const pending = f();
  if (pending instanceof Promise) await pending;
  return performance.now() - start;
}

/**
 * Times several functions side by side, one call of each per round, so that what disturbs the machine disturbs all of
 * them alike. The order alternates from round to round.
 *
 * @returns The times of each function, round by round, in milliseconds.
 */
export async function sideBySide<K extends string>(
  functions: Readonly<Record<K, Timed>>,
  { rounds, warmUp, settle = 0, limit = Number.POSITIVE_INFINITY, rest = 0 }: Rounds,
): Promise<Record<K, number[]>> {
  const names = Object.keys(functions) as K[];
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, number[]>;
  const end = performance.now() + limit;
  const late = () => performance.now() > end;
  const settled = performance.now() + settle;
  const cold = (round: number) => round < warmUp || performance.now() < settled;
  for (let round = 0; cold(round) && !late(); round++) {
    for (const name of names) await timeOf(functions[name]);
  }
  for (let round = 0; round < rounds && !(round > 0 && late()); round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      if (rest > 0) await sleep(rest);
      times[name].push(await timeOf(functions[name]));
    }
  }
  return times;
}

/** Median and quartiles. */
export function summarise(values: readonly number[]): Spread {
  const list = [...values];
  return { median: median(list), low: quantile(list, 0.25), high: quantile(list, 0.75) };
}

/** The ratio of two columns of one run, round by round: its median and quartiles. */
export function ratio(above: readonly number[], below: readonly number[]): Spread {
  return summarise(above.map((value, i) => value / below[i]!));
}

/** "1.23 (1.20–1.26)". */
export function show({ median: middle, low, high }: Spread, digits = 2): string {
  return `${middle.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

/** Rounds at a scale, at least two. */
export function scaled(rounds: number, scale: number): number {
  return Math.max(2, Math.round(rounds * scale));
}
