import type { AnyModelName } from './models/names.js';

/** How a table is measured. */
export interface Settings {
  /** Multiplies the number of rounds. 1 for results to keep, 0.05 to see whether it runs. */
  readonly scale: number;
  /** How often each process is started anew; the sides take turns. */
  readonly repetitions: number;
  /** Also measure what takes minutes per gradient. */
  readonly slow: boolean;
  /** Only these models. Default all that the table has. */
  readonly models?: readonly AnyModelName[];
  /** Only these sides, variants, optimizers or points, by their names in the code. Default all. */
  readonly only?: readonly string[];
  /** The child processes' program. Default child.js beside this file. */
  readonly program?: string;
  /** Hears of progress. */
  readonly log?: (line: string) => void;
}

/** The models of a table that the settings leave in. */
export function chosen<M extends AnyModelName>(all: readonly M[], { models }: Settings): M[] {
  return all.filter((name) => models === undefined || models.includes(name));
}

/** A mistake in the call: its message is all that its author needs. */
export class UsageError extends RangeError {}

/**
 * The sides, variants, optimizers or points of a table that the settings leave in.
 *
 * @throws UsageError for a name that the table does not have.
 */
export function selected<T>(all: readonly T[], nameOf: (item: T) => string, { only }: Settings): T[] {
  const names = all.map(nameOf);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--only: expected some of [${[...new Set(names)].join(', ')}], got "${unknown}"`);
  return all.filter((_, i) => only === undefined || only.includes(names[i]!));
}

/** The repetitions, with every second one in reverse: what comes first in one comes last in the next. */
export function* turns<T>(items: readonly T[], repetitions: number): Generator<readonly [T, number]> {
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const item of repetition % 2 === 0 ? items : [...items].reverse()) yield [item, repetition];
  }
}
