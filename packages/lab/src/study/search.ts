import { seededRandom } from '@tfjs-sam/datasets';
import type { Point } from '../results.js';
import { isObject, type Json, type JsonObject, withValue } from './paths.js';
import { sobol } from './sobol.js';

/** The ways in which a study file asks for several values at a path. */
const searchKinds = ['grid', 'zip', 'random', 'sobol'] as const;
/** One of them. */
export type SearchKind = (typeof searchKinds)[number];

/** Where a random or Sobol search draws from. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly scale?: 'linear' | 'log';
  readonly integer?: boolean;
}

/** A place where several values are asked for. */
interface Place {
  readonly path: readonly string[];
  readonly kind: SearchKind;
  readonly argument: Json;
}

/** The faults of an arm's search, and their places. */
export class SearchError extends RangeError {
  /** Where in the arm. */
  readonly path: readonly string[];
  constructor(path: readonly string[], message: string) {
    super(message);
    this.path = path;
  }
}

const kindOf = (value: Json): SearchKind | undefined => {
  if (!isObject(value)) return undefined;
  return searchKinds.find((kind) => Object.hasOwn(value, kind));
};

function places(value: Json, path: readonly string[] = []): Place[] {
  const kind = kindOf(value);
  if (kind !== undefined) {
    const { [kind]: argument, ...others } = value as JsonObject;
    const stray = Object.keys(others)[0];
    if (stray === undefined) return [{ path, kind, argument: argument! }];
    const form = kind === 'grid' || kind === 'zip' ? '[…]' : '{ from, to }';
    throw new SearchError(path, `expected { ${kind}: ${form} } and nothing beside it, got also "${stray}"`);
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]));
}

const product = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]]);

type Entry = readonly [path: string, value: Json];

function valuesOf({ path, kind, argument }: Place): readonly Json[] {
  if (Array.isArray(argument) && argument.length > 0) return argument as Json[];
  throw new SearchError(path, `expected ${kind} to be a list of at least one value`);
}

function rangeOf({ path, kind, argument }: Place): Range {
  const range = (isObject(argument) ? argument : {}) as unknown as Range;
  const { from, to, scale = 'linear' } = range;
  const known = ['from', 'to', 'scale', 'integer'];
  const stray = Object.keys(range).find((key) => !known.includes(key));
  const ordered = Number.isFinite(from) && Number.isFinite(to) && from < to;
  if (stray === undefined && ordered && (scale === 'linear' || (scale === 'log' && from > 0))) return range;
  throw new SearchError(
    path,
    `expected ${kind} to be { from, to, scale: linear or log, integer: true or false } with from < to, and from > 0 for log`,
  );
}

function scaled(unit: number, { from, to, scale, integer }: Range): number {
  const value = scale === 'log' ? from * (to / from) ** unit : from + unit * (to - from);
  return integer ? Math.round(value) : Number(value.toPrecision(6));
}

/** Points that random and Sobol searches draw together; one without entries where there is no such search. */
function drawn(searched: readonly Place[], draws: number): Entry[][] {
  const random = searched.filter(({ kind }) => kind === 'random');
  const even = searched.filter(({ kind }) => kind === 'sobol');
  if (random.length + even.length === 0) return [[]];
  const ranges = new Map(searched.map((place) => [place, rangeOf(place)]));
  const cube = sobol(draws, even.length);
  const next = seededRandom(0, 9_001);
  return cube.map((coordinates) => {
    const entry = (place: Place, unit: number): Entry => [
      place.path.join('.'),
      scaled(unit, ranges.get(place)!),
    ];
    return [
      ...even.map((place, d) => entry(place, coordinates[d]!)),
      ...random.map((place) => entry(place, next())),
    ];
  });
}

function zipped(searched: readonly Place[]): Entry[][] {
  if (searched.length === 0) return [[]];
  const lists = searched.map(valuesOf);
  const uneven = lists.findIndex((list) => list.length !== lists[0]!.length);
  if (uneven > 0) {
    const [first, other] = [lists[0]!.length, lists[uneven]!.length];
    throw new SearchError(
      searched[uneven]!.path,
      `expected zip to have ${first} values, as ${searched[0]!.path.join('.')}, got ${other}`,
    );
  }
  return lists[0]!.map((_, i) => searched.map(({ path }, k): Entry => [path.join('.'), lists[k]![i]!]));
}

/** A configuration with its search, and how many points random and Sobol searches draw. */
export interface Searched {
  readonly config: JsonObject;
  /** Points given as a whole: objects of values by dotted path. */
  readonly list?: readonly JsonObject[] | undefined;
  /** Default 8. */
  readonly draws?: number | undefined;
}

/** A configuration at one point of a search. */
export interface SearchedPoint {
  readonly point: Point;
  readonly config: JsonObject;
}

/**
 * Every point of a configuration's search, in a fixed order: the product of its grids, of what is zipped, of its
 * list, and of what is drawn.
 *
 * @throws SearchError where a search is malformed.
 */
export function searchPoints({ config, list, draws = 8 }: Searched): SearchedPoint[] {
  const all = places(config);
  const of = (...kinds: SearchKind[]): Place[] => all.filter(({ kind }) => kinds.includes(kind));
  const axes: Entry[][][] = [
    ...of('grid').map((place) => valuesOf(place).map((value): Entry[] => [[place.path.join('.'), value]])),
    zipped(of('zip')),
    drawn(of('random', 'sobol'), draws),
    list === undefined ? [[]] : list.map((entries): Entry[] => Object.entries(entries)),
  ];
  return product(axes).map((parts) => {
    const entries = parts.flat();
    return {
      point: Object.fromEntries(entries),
      config: entries.reduce(
        // The search itself goes first: its object must not be merged with the value.
        (result, [path, value]) =>
          withValue(withValue(result, path.split('.'), null), path.split('.'), value),
        config,
      ),
    };
  });
}
