import { nearestNames } from './nearest.js';
import type { AnyOption, Checked, Declarations } from './option.js';

/** Whose option it is and where, for messages. */
export interface Place {
  readonly owner: string;
  readonly path: string;
}

/**
 * A sort of options: what its values are, in code and in words. Each is an object of its own, so that a bundle carries
 * those that its parts declare.
 */
export interface Sort {
  /** The error that a value deserves, or undefined for one that is accepted. */
  errorOf(value: unknown): ErrorConstructor | undefined;
  /** The accepted values in words, for messages; where one was given, in view of its type. */
  expected(given?: string): string;
  /** A value that is accepted, with what it holds checked and completed. Default: as it is. */
  complete?(value: unknown, place: Place): unknown;
  /** A completed value as JSON. Default: as it is. */
  json?(value: unknown): unknown;
  /** The value that JSON means, of an option of this name. Default: as it is. */
  fromJson?(json: unknown, name: string): unknown;
}

/**
 * Options as they were given, checked against their declarations and completed: undefined means the default.
 *
 * @param owner - Whose options they are, for messages.
 * @throws RangeError for an unknown option, naming the nearest, and for a value out of its range; TypeError for a value
 *   of another kind.
 */
export function complete<D extends Declarations>(owner: string, declared: D, given: object): Checked<D> {
  return completeFields({ owner, path: '' }, declared, given) as Checked<D>;
}

/** Options that are a value of another: `place` is that one's. */
export function completeFields(place: Place, declared: Declarations, given: object): Record<string, unknown> {
  requireKnown(place, declared, given);
  return completeKnown(place, declared, given);
}

/** Throws a RangeError for an option that is not declared, naming the nearest ones. */
export function requireKnown(place: Place, declared: Declarations, given: object): void {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(declared, name));
  if (unknown !== undefined) throw unknownOption(place, unknown, Object.keys(declared));
}

/** As `completeFields`, of options whose names are declared. */
export function completeKnown(place: Place, declared: Declarations, given: object): Record<string, unknown> {
  const { owner, path } = place;
  const done: Record<string, unknown> = {};
  for (const name of Object.keys(declared)) {
    const here = { owner, path: path ? `${path}.${name}` : name };
    const value = completeValue(here, declared[name]!, (given as Readonly<Record<string, unknown>>)[name]);
    if (value !== undefined) done[name] = value;
  }
  return done;
}

/** One value, checked and completed. */
export function completeValue(
  place: Place,
  { sort, need, default: initial }: AnyOption,
  given: unknown,
): unknown {
  const value = given === undefined ? initial : given;
  if (value === undefined && need === 'optional') return undefined;
  requireSort(place, sort, value);
  return sort.complete ? sort.complete(value, place) : value;
}

/** Throws unless a value is of a sort. */
export function requireSort({ owner, path }: Place, sort: Sort, value: unknown): void {
  const WrongValue = sort.errorOf(value);
  if (!WrongValue) return;
  const type = Array.isArray(value) ? 'array' : typeof value;
  throw new WrongValue(`${owner}: expected ${path} to be ${sort.expected(type)}, got ${show(value)}`);
}

function unknownOption({ owner, path }: Place, name: string, known: readonly string[]): RangeError {
  const near = nearestNames(name, known).map((each) => `"${each}"`);
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
  const where = path ? ` of ${path}` : '';
  return new RangeError(
    `${owner}: expected an option${where} of [${known.join(', ')}], got "${name}".${hint}`,
  );
}

/** A value in a message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  return Array.isArray(value) ? `[${value}]` : String(value);
}

/**
 * The name of a value that no configuration holds (a function, a strategy of one's own): loading it says what to pass by
 * hand.
 */
export const CUSTOM = 'custom';

/** Checked options as JSON: nested parts become their configurations; what belongs to a run is left out. */
export function configOf(options: Declarations, checked: object): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(checked)) {
    const option = options[name]!;
    if (!('run' in option && option.run)) config[name] = jsonOf(option, value);
  }
  return config;
}

/** A completed value as JSON. */
export const jsonOf = ({ sort }: AnyOption, value: unknown) => (sort.json ? sort.json(value) : value);
