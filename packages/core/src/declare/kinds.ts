import type { Schedule } from './schedules/schedule.js';

/**
 * The kinds of parts: of each, what it makes and how configurations name it. Open: whoever brings a kind adds to it.
 *
 * @example
 * declare module '@tfjs-sam/core' {
 *   interface Kinds {
 *     dataset: { part: Dataset; config: Named<DatasetConfigs> };
 *   }
 * }
 */
export interface Kinds {
  /** A number for every step; a number is a schedule that never changes. */
  schedule: { part: Schedule; config: number | Named<ScheduleConfigs> };
}

/** A kind of parts. */
export type Kind = keyof Kinds;

/** The product of a part of each kind. */
export type PartTypes = { [K in Kind]: Kinds[K]['part'] };

/** Configurations that may stand where a part of each kind belongs. */
export type PartConfigs = { [K in Kind]: Kinds[K]['config'] };

/** Configurations of parts by name: `{ name, …options }`. */
export type Named<Configs> = {
  [Name in keyof Configs]: { readonly name: Name } & Configs[Name];
}[keyof Configs];

/** Options of the schedules, by name. Packages widen it by declaration merging. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface ScheduleConfigs {}
