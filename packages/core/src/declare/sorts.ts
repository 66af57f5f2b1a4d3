import { CUSTOM, completeFields, completeValue, configOf, jsonOf, type Sort, show } from './check.js';
import {
  type Configured,
  createFromConfig,
  type NamedConfig,
  valueFromJson,
  valuesFromJson,
} from './config.js';
import type { Kind } from './kinds.js';
import type { AnyOption, Declarations, Range } from './option.js';

type Values = Readonly<Record<string, unknown>>;

/** A finite number of a range. */
export const numberSort = (range: Range): Sort => ({
  errorOf: (value) => errorUnless(Number.isFinite(value) && isWithin(value as number, range)),
  expected: () => amount('a finite number', range),
});

/** A whole number of a range. */
export const integerSort = (range: Range): Sort => ({
  errorOf: (value) => errorUnless(Number.isInteger(value) && isWithin(value as number, range)),
  expected: () => amount('an integer', range),
});

/** True or false. */
export const booleanSort: Sort = {
  errorOf: (value) => errorUnless(typeof value === 'boolean', TypeError),
  expected: () => 'a boolean',
};

/** A text, of a length where one is said. */
export const textSort = (length?: number): Sort => ({
  errorOf: (value) =>
    typeof value === 'string' ? errorUnless(value.length === (length ?? value.length)) : TypeError,
  expected: () => `a string${length === undefined ? '' : ` of ${length} characters`}`,
});

/** One of some values. */
export const oneOfSort = (values: readonly (string | number)[]): Sort => ({
  errorOf: (value) => errorUnless(values.includes(value as string | number)),
  expected: () => `one of [${values.join(', ')}]`,
});

/** A number of a range, or a function of the step. */
export const scheduleSort = (range: Range): Sort => ({
  errorOf: (value) => {
    if (typeof value === 'function') return undefined;
    return typeof value === 'number' ? numberSort(range).errorOf(value) : TypeError;
  },
  expected: (given) =>
    given === 'number' ? numberSort(range).expected() : 'a number or a schedule (step) => number',
  json: partJson,
  fromJson: (json) => partFromJson('schedule', json),
});

/** A part. What one of its kind must have is for its user to say. */
export const partSort = (kind: Kind): Sort => ({
  errorOf: () => undefined,
  expected: () => `a ${kind}`,
  json: partJson,
  fromJson: (json) => partFromJson(kind, json),
});

/** A base optimizer, or a variant, whose configurations name it by another word. */
export const optimizerSort = (): Sort => ({
  ...partSort('base-optimizer'),
  fromJson: (json) => {
    const { variant, ...rest } = Object(json) as Values;
    return typeof variant === 'string'
      ? createFromConfig('variant', { ...rest, name: variant })
      : partFromJson('base-optimizer', json);
  },
});

function partJson(value: unknown): unknown {
  return typeof value === 'number' ? value : ((value as Partial<Configured>).config ?? { name: CUSTOM });
}

function partFromJson(kind: Kind, json: unknown): unknown {
  return isRecord(json) && typeof json.name === 'string' ? createFromConfig(kind, json as NamedConfig) : json;
}

/** Values of one option each, as many as a range says. */
export const listSort = (of: AnyOption, range: Range): Sort => ({
  errorOf: (value) => (Array.isArray(value) ? errorUnless(isWithin(value.length, range)) : TypeError),
  expected: (given = 'array') => {
    if (given !== 'array') return 'an array';
    const length = writeLength(range);
    return `an array${length && ` of ${length}`}, each ${of.sort.expected()}`;
  },
  complete: (value, { owner, path }) =>
    (value as unknown[]).map((entry, i) => completeValue({ owner, path: `${path}[${i}]` }, of, entry)),
  json: (value) => (value as unknown[]).map((entry) => jsonOf(of, entry)),
  fromJson: (json, name) =>
    Array.isArray(json) ? json.map((entry) => valueFromJson(name, of, entry)) : json,
});

/** Options of their own. */
export const recordSort = (fields: Declarations): Sort => ({
  errorOf: (value) => errorUnless(isRecord(value), TypeError),
  expected: () => `an object { ${Object.keys(fields).join(', ')} }`,
  complete: (value, place) => completeFields(place, fields, value as object),
  json: (value) => configOf(fields, value as object),
  fromJson: (json) => (isRecord(json) ? valuesFromJson(fields, json) : json),
});

/** Options that depend on the word under a tag. */
export const taggedSort = (tag: string, cases: Readonly<Record<string, Declarations>>): Sort => {
  const known = Object.keys(cases).join(', ');
  return {
    errorOf: (value) => errorUnless(isRecord(value), TypeError),
    expected: () => `an object { ${tag}: one of [${known}], … }`,
    complete: (value, place) => {
      const { [tag]: word, ...rest } = value as Values;
      const fields = typeof word === 'string' && Object.hasOwn(cases, word) && cases[word];
      if (!fields)
        throw new RangeError(
          `${place.owner}: expected ${place.path}.${tag} to be one of [${known}], got ${show(word)}`,
        );
      return { [tag]: word, ...completeFields(place, fields, rest) };
    },
    json: (value) => {
      const { [tag]: word, ...rest } = value as Values;
      return { [tag]: word, ...configOf(cases[String(word)]!, rest) };
    },
    fromJson: (json) => (isRecord(json) ? valuesFromJson(cases[String(json[tag])] ?? {}, json) : json),
  };
};

/** A value of one option or another. */
export const anyOfSort = (of: readonly AnyOption[], expected?: string): Sort => ({
  errorOf: (value) => {
    const errors = of.map(({ sort }) => sort.errorOf(value));
    if (errors.includes(undefined)) return undefined;
    // A value of a type that is accepted is out of range; another is of the wrong type.
    return (
      errorUnless(
        !of.some((each, i) => errors[i] === RangeError && primitiveOf(each) === typeof value),
        RangeError,
      ) ?? TypeError
    );
  },
  expected: () => expected ?? of.map(({ sort }) => sort.expected()).join(' or '),
  json: codeJson,
});

/** A value of code, told by a function. */
export const codeSort = (accepts: (value: unknown) => boolean, expected: string): Sort => ({
  errorOf: (value) => errorUnless(accepts(value), TypeError),
  expected: () => expected,
  json: codeJson,
});

function codeJson(value: unknown): unknown {
  return typeof value === 'function' || typeof value === 'object' ? { name: CUSTOM } : value;
}

function errorUnless(accepted: boolean, type: ErrorConstructor = RangeError): ErrorConstructor | undefined {
  return accepted ? undefined : type;
}

/** The type of JavaScript that an option's plain values have. */
function primitiveOf({ type }: AnyOption): string {
  return type === 'one-of' || type === 'text' ? 'string' : 'number';
}

function isWithin(value: number, { min, above, max, below }: Range): boolean {
  return (
    value >= (min ?? value) &&
    value <= (max ?? value) &&
    (above === undefined || value > above) &&
    (below === undefined || value < below)
  );
}

function amount(what: string, range: Range): string {
  const written = writeRange(range);
  if (written === '') return what;
  if (!/^[[(]/.test(written)) return `${what} ${written}`;
  return `${what === 'a finite number' ? '' : `${what} `}in ${written}`;
}

/** '2 entries', '1 entries or more', …; empty where any number is accepted. */
export function writeLength({ min, max }: Range): string {
  if (min === undefined && max === undefined) return '';
  if (min === max) return `${min} entries`;
  if (max === undefined) return `${min} entries or more`;
  return min === undefined ? `${max} entries or fewer` : `${min} to ${max} entries`;
}

/** '>= 0', '[0, 1)', …; empty where every number is accepted. */
export function writeRange({ min, above, max, below }: Range): string {
  const [low, high] = [above ?? min, below ?? max];
  if (low !== undefined && high !== undefined) {
    return `${above === undefined ? '[' : '('}${low}, ${high}${below === undefined ? ']' : ')'}`;
  }
  if (low !== undefined) return `${above === undefined ? '>=' : '>'} ${low}`;
  return high === undefined ? '' : `${below === undefined ? '<=' : '<'} ${high}`;
}

function isRecord(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
