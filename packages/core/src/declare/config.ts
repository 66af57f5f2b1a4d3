import { CUSTOM, requireKnown } from './check.js';
import type { Kind } from './kinds.js';
import type { AnyOption, Declarations } from './option.js';
import { namesOf, partNamed } from './part.js';

/** Plain JSON that names a thing and gives its options: what files, `getConfig` and the registry speak. */
export interface NamedConfig {
  /** The name that the thing is declared under. */
  readonly name: string;
  readonly [option: string]: unknown;
}

/** A strategy or schedule that can say how to make it again. */
export interface Configured {
  /** Name and options. */
  readonly config: NamedConfig;
}

/**
 * Makes what a configuration names, of the parts that are loaded: what TensorFlow.js asks for when a model is loaded with
 * its optimizer. Elsewhere a registry does it.
 *
 * @throws RangeError when no loaded part of the kind has the name, or an option is not as declared.
 */
export function createFromConfig(kind: Kind, config: NamedConfig): unknown {
  const { name, ...options } = config;
  const part = partNamed(kind, name);
  if (part) {
    requireKnown({ owner: part.owner, path: '' }, part.options, options);
    return part.create(valuesFromJson(part.options, options));
  }
  if (name === CUSTOM) throw customError(`the ${kind}`);
  throw new RangeError(
    `catalog: expected a ${kind} of [${namesOf(kind).join(', ')}], got "${name}". Import the package that provides it first; in a bundle, name its function in registerParts(…).`,
  );
}

/** Options with every nested configuration replaced by what it names, as the declarations say. */
export function valuesFromJson(declared: Declarations, options: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, json]) => {
      const option = declared[name];
      return [name, option ? valueFromJson(name, option, json) : json];
    }),
  );
}

/** The value of one option that JSON means. */
export function valueFromJson(name: string, { sort }: AnyOption, json: unknown): unknown {
  if ((json as NamedConfig | null | undefined)?.name === CUSTOM) throw customError(name);
  return sort.fromJson ? sort.fromJson(json, name) : json;
}

function customError(what: string): RangeError {
  return new RangeError(
    `catalog: expected ${what} to have a name, got a function or an object of one's own, which no configuration holds. Make the optimizer by hand; keep it by saveState, beside a model that is saved without it, and restore it by restoreState.`,
  );
}

/**
 * Options as JSON: a configured strategy or schedule becomes its configuration, undefined is left out. What cannot be
 * written down (a function, a strategy of one's own without `config`) becomes `{ name: 'custom' }`.
 */
export function toConfig(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([option, value]) => [option, configOfValue(value)]));
}

function configOfValue(value: unknown): unknown {
  if (value === null || !/object|function/.test(typeof value)) return value;
  return (value as Partial<Configured>).config ?? { name: CUSTOM };
}
