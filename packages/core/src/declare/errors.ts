/** Checks of single values where there is no declaration: the sorts of options say what is accepted, in their words. */

import { requireSort, type Sort } from './check.js';
import { integerSort, numberSort, oneOfSort, scheduleSort } from './sorts.js';

const check = (owner: string, path: string, value: unknown, sort: Sort) =>
  requireSort({ owner, path }, sort, value);

/** Throws a RangeError unless `value` is a finite number >= 0. */
export function requireNonNegative(owner: string, name: string, value: unknown): void {
  check(owner, name, value, numberSort({ min: 0 }));
}

/** Throws a RangeError unless `value` is a finite number > 0. */
export function requirePositive(owner: string, name: string, value: unknown): void {
  check(owner, name, value, numberSort({ above: 0 }));
}

/** Throws a RangeError unless `value` is a finite number. */
export function requireFinite(owner: string, name: string, value: unknown): void {
  check(owner, name, value, numberSort({}));
}

/** Throws a RangeError unless `value` lies in [low, high) (or [low, high] with `closed`). */
export function requireInRange(
  owner: string,
  name: string,
  value: unknown,
  low: number,
  high: number,
  closed = false,
): void {
  check(owner, name, value, numberSort({ min: low, ...(closed ? { max: high } : { below: high }) }));
}

/** Throws a RangeError unless `value` is an integer >= `least`. */
export function requireInteger(owner: string, name: string, value: unknown, least = 0): void {
  check(owner, name, value, integerSort({ min: least }));
}

/** Throws a RangeError unless `value` is one of `known`. */
export function requireOneOf(owner: string, name: string, value: unknown, known: readonly string[]): void {
  check(owner, name, value, oneOfSort(known));
}

/** Throws unless `value` is a schedule: a finite number >= 0 (RangeError) or a function (TypeError). */
export function requireSchedule(owner: string, name: string, value: unknown): void {
  check(owner, name, value, scheduleSort({ min: 0 }));
}
