import type { Configured } from '../config.js';

/** A number, or a number for every step (counted from 0). */
export type Schedule = number | ((step: number) => number);

/** A schedule that knows its own configuration, so that an optimizer that uses it can be saved. */
export type ConfiguredSchedule = ((step: number) => number) & Configured;

/** The schedule's value at a step. */
export function valueAt(schedule: Schedule, step: number): number {
  return typeof schedule === 'number' ? schedule : schedule(step);
}

/**
 * As `valueAt`, for what must not be negative: a radius, a learning rate, a weight.
 *
 * @param owner - Whose option it is, and
 * @param name - what it is called, for the message.
 * @throws RangeError that names the step where the schedule leaves the range.
 */
export function nonNegativeAt(owner: string, name: string, schedule: Schedule, step: number): number {
  const value = valueAt(schedule, step);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new RangeError(
    `${owner}: expected ${name} to be a finite number >= 0, got ${value} from its schedule at step ${step}`,
  );
}
