import type { AnyOption, Declarations } from './option.js';
import { partNamed } from './part.js';

/** Plain JSON that names a thing and gives its options: what files, `getConfig` and the registry speak. */
export interface NamedConfig {
  /** The name that the thing is registered under. */
  readonly name: string;
  readonly [option: string]: unknown;
}

/** A strategy or schedule that can say how to make it again. */
export interface Configured {
  /** Name and options. */
  readonly config: NamedConfig;
}

/** The kinds of things that a configuration names. */
export type CatalogKind =
  | 'variant'
  | 'metric'
  | 'filter'
  | 'combiner'
  | 'ascent'
  | 'rule'
  | 'schedule'
  | 'base-optimizer';

/** Makes a thing from its options, nested configurations already resolved. */
export type CatalogFactory = (options: Readonly<Record<string, unknown>>) => unknown;

/** The name of what has none. */
const CUSTOM = 'custom';

const factories = new Map<string, CatalogFactory>();

/**
 * Makes a name known to `SharpnessAwareOptimizer.fromConfig`, that is, to a model loaded with its optimizer.
 * Packages call it when imported, as `tf.serialization.registerClass` is called for layers.
 *
 * @throws Error when another factory has the name.
 */
export function registerFactory(kind: CatalogKind, name: string, create: CatalogFactory): void {
  const key = `${kind}:${name}`;
  if (factories.has(key) && factories.get(key) !== create) {
    throw new Error(`catalog: a ${kind} named "${name}" is registered already`);
  }
  factories.set(key, create);
}

/** Makes what a configuration names. @throws RangeError when nothing of the kind has the name. */
export function createFromConfig(kind: CatalogKind, config: NamedConfig): unknown {
  const { name, ...options } = config;
  const part = partNamed(kind, name);
  if (part) return part.create(resolveAs(part.options, options));
  const create = factories.get(`${kind}:${name}`);
  if (create === undefined && name === CUSTOM) throw customError(`the ${kind}`);
  if (create === undefined) {
    const known = [...factories.keys()]
      .filter((key) => key.startsWith(`${kind}:`))
      .map((key) => key.slice(kind.length + 1));
    throw new RangeError(
      `catalog: expected a ${kind} of [${known.join(', ')}], got "${name}". Import the package that provides it first.`,
    );
  }
  return create(resolveOptions(options));
}

/** Options with every nested configuration replaced by what it names, as the declarations say. */
function resolveAs(declared: Declarations, options: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      const option = declared[name];
      return [name, option ? resolveValue(name, option, value) : value];
    }),
  );
}

function resolveValue(name: string, option: AnyOption, value: unknown): unknown {
  if (isNamedConfig(value) && value.name === CUSTOM) throw customError(name);
  if (Array.isArray(value)) {
    return option.type === 'list' ? value.map((entry) => resolveValue(name, option.of, entry)) : value;
  }
  if (!isRecord(value)) return value;
  if (option.type === 'record') return resolveAs(option.fields, value);
  if (option.type === 'tagged') return resolveAs(option.cases[String(value[option.tag])] ?? {}, value);
  if (option.type !== 'part') return value;
  const { variant, ...rest } = value;
  if (option.or && typeof variant === 'string')
    return createFromConfig('variant', { ...rest, name: variant });
  return isNamedConfig(value) ? createFromConfig(option.kind as CatalogKind, value) : value;
}

/** Which kind the value of an option names, where it is a nested configuration. */
const kindOfOption: Readonly<Record<string, CatalogKind>> = {
  metric: 'metric',
  filter: 'filter',
  filters: 'filter',
  combine: 'combiner',
  ascent: 'ascent',
  rule: 'rule',
  base: 'base-optimizer',
};

/** Options with every nested `{ name, … }` replaced by what it names; other values stay. */
export function resolveOptions(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([option, value]) => {
      if ([value].flat().some((entry) => isNamedConfig(entry) && entry.name === CUSTOM))
        throw customError(option);
      const kind = kindOfOption[option] ?? 'schedule';
      const resolve = (entry: unknown) => (isNamedConfig(entry) ? createFromConfig(kind, entry) : entry);
      return [option, Array.isArray(value) ? value.map(resolve) : resolve(value)];
    }),
  );
}

function customError(what: string): RangeError {
  return new RangeError(
    `catalog: expected ${what} to have a name, got a function or an object of one's own, which no configuration holds. Make the optimizer by hand; keep it by saveState, beside a model that is saved without it, and restore it by restoreState.`,
  );
}

function isNamedConfig(value: unknown): value is NamedConfig {
  return typeof value === 'object' && value !== null && typeof (value as NamedConfig).name === 'string';
}

/**
 * Options as JSON: a configured strategy or schedule becomes its configuration, undefined is left out.
 * What cannot be written down (a function, a strategy of one's own without `config`) becomes
 * `{ name: 'custom' }`: loading it says what to pass by hand.
 */
export function toConfig(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options)
      .filter(([, value]) => value !== undefined)
      .map(([option, value]) => [option, configOf(value)]),
  );
}

function configOf(value: unknown): unknown {
  if (value === null || ['number', 'string', 'boolean'].includes(typeof value)) return value;
  if (Array.isArray(value)) return value.map(configOf);
  const { config } = value as Partial<Configured>;
  if (config !== undefined) return config;
  const plain = typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
  const callable = plain && Object.values(value as object).some((entry) => typeof entry === 'function');
  return plain && !callable ? toConfig(value as Record<string, unknown>) : { name: CUSTOM };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
