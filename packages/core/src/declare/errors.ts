/** Checks options once, at the door: each function throws an error that names owner, expectation and value. */

function show(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(value);
}

/** Throws a RangeError unless `value` is a finite number >= 0. */
export function requireNonNegative(owner: string, name: string, value: unknown): void {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new RangeError(`${owner}: expected ${name} to be a finite number >= 0, got ${show(value)}`);
  }
}

/** Throws a RangeError unless `value` is a finite number > 0. */
export function requirePositive(owner: string, name: string, value: unknown): void {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw new RangeError(`${owner}: expected ${name} to be a finite number > 0, got ${show(value)}`);
  }
}

/** Throws a RangeError unless `value` is a finite number. */
export function requireFinite(owner: string, name: string, value: unknown): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new RangeError(`${owner}: expected ${name} to be a finite number, got ${show(value)}`);
  }
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
  const inside = typeof value === 'number' && value >= low && (closed ? value <= high : value < high);
  if (!inside) {
    throw new RangeError(
      `${owner}: expected ${name} to be in [${low}, ${high}${closed ? ']' : ')'}, got ${show(value)}`,
    );
  }
}

/** Throws a RangeError unless `value` is an integer >= `least`. */
export function requireInteger(owner: string, name: string, value: unknown, least = 0): void {
  if (!Number.isInteger(value) || (value as number) < least) {
    throw new RangeError(`${owner}: expected ${name} to be an integer >= ${least}, got ${show(value)}`);
  }
}

/** Throws a RangeError unless `value` is one of `known`. */
export function requireOneOf(owner: string, name: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'string' || !known.includes(value)) {
    throw new RangeError(`${owner}: expected ${name} to be one of [${known.join(', ')}], got ${show(value)}`);
  }
}

/** Throws unless `value` is a schedule: a finite number >= 0 (RangeError) or a function (TypeError). */
export function requireSchedule(owner: string, name: string, value: unknown): void {
  if (typeof value === 'function') return;
  if (typeof value !== 'number') {
    throw new TypeError(
      `${owner}: expected ${name} to be a number or a schedule (step) => number, got ${show(value)}`,
    );
  }
  requireNonNegative(owner, name, value);
}
