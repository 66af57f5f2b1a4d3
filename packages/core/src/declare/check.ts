import { nearestNames } from './nearest.js';
import type { AnyOption, Checked, Declarations, Range } from './option.js';

/** Whose option it is and where, for messages. */
interface Place {
  readonly owner: string;
  readonly path: string;
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

function completeFields(place: Place, declared: Declarations, given: object): Record<string, unknown> {
  const names = Object.keys(declared);
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declared, name)) throw unknownOption(place, name, names);
  }
  const values = given as Readonly<Record<string, unknown>>;
  const entries = names.map((name) => {
    const path = place.path ? `${place.path}.${name}` : name;
    return [name, completeValue({ ...place, path }, declared[name]!, values[name])] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function unknownOption({ owner, path }: Place, name: string, known: readonly string[]): RangeError {
  const near = nearestNames(name, known).map((each) => `"${each}"`);
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
  const where = path ? ` of ${path}` : '';
  return new RangeError(
    `${owner}: expected an option${where} of [${known.join(', ')}], got "${name}".${hint}`,
  );
}

function completeValue(place: Place, option: AnyOption, given: unknown): unknown {
  const value = given === undefined ? option.default : given;
  if (value === undefined && option.need === 'optional') return undefined;
  const wrong = (expected: string, type: ErrorConstructor = RangeError) =>
    new type(`${place.owner}: expected ${place.path} to be ${expected}, got ${show(value)}`);
  switch (option.type) {
    case 'list': {
      if (!Array.isArray(value)) throw wrong('an array', TypeError);
      if (!isWithin(value.length, option)) throw wrong(expectedOf(option));
      return value.map((entry, i) =>
        completeValue({ ...place, path: `${place.path}[${i}]` }, option.of, entry),
      );
    }
    case 'record':
      if (!isRecord(value)) throw wrong(expectedOf(option), TypeError);
      return completeFields(place, option.fields, value);
    case 'tagged': {
      if (!isRecord(value)) throw wrong(expectedOf(option), TypeError);
      const { [option.tag]: tag, ...rest } = value;
      const fields = typeof tag === 'string' && Object.hasOwn(option.cases, tag) && option.cases[tag];
      if (!fields) {
        const known = Object.keys(option.cases).join(', ');
        throw new RangeError(
          `${place.owner}: expected ${place.path}.${option.tag} to be one of [${known}], got ${show(tag)}`,
        );
      }
      return { [option.tag]: tag, ...completeFields(place, fields, rest) };
    }
    default: {
      const type = errorOf(option, value);
      if (type) throw wrong(expectedOf(option, typeof value), type);
      return value;
    }
  }
}

/** The error that a value deserves, or undefined for one that is accepted. */
function errorOf(option: AnyOption, value: unknown): ErrorConstructor | undefined {
  switch (option.type) {
    case 'number':
      return Number.isFinite(value) && isWithin(value as number, option) ? undefined : RangeError;
    case 'integer':
      return Number.isInteger(value) && isWithin(value as number, option) ? undefined : RangeError;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : TypeError;
    case 'text':
      if (typeof value !== 'string') return TypeError;
      return value.length === (option.length ?? value.length) ? undefined : RangeError;
    case 'one-of':
      return option.values.includes(value as string | number) ? undefined : RangeError;
    case 'code':
      return option.accepts(value) ? undefined : TypeError;
    case 'any-of':
      if (option.of.some((each) => !errorOf(each, value))) return undefined;
      // A value of a kind that is accepted is out of range; another is of the wrong kind.
      return option.of.some(
        (each) => errorOf(each, value) === RangeError && primitiveOf(each) === typeof value,
      )
        ? RangeError
        : TypeError;
    case 'part':
      // What a part of the kind must have is for its user to say; numbers are schedules.
      if (option.kind !== 'schedule') return undefined;
      if (typeof value === 'function') return undefined;
      if (typeof value !== 'number') return TypeError;
      return Number.isFinite(value) && isWithin(value, option) ? undefined : RangeError;
    default:
      return undefined;
  }
}

/** The type of JavaScript that an option's plain values have. */
function primitiveOf({ type }: AnyOption): string {
  return type === 'one-of' || type === 'text' ? 'string' : 'number';
}

function isWithin(value: number, { min, above, max, below }: Range): boolean {
  return (
    (min === undefined || value >= min) &&
    (above === undefined || value > above) &&
    (max === undefined || value <= max) &&
    (below === undefined || value < below)
  );
}

/** What an option accepts, in words, for messages. */
export function expectedOf(option: AnyOption, got?: string): string {
  switch (option.type) {
    case 'number':
      return amount('a finite number', option);
    case 'integer':
      return amount('an integer', option);
    case 'boolean':
      return 'a boolean';
    case 'text':
      return `a string${option.length === undefined ? '' : ` of ${option.length} characters`}`;
    case 'one-of':
      return `one of [${option.values.join(', ')}]`;
    case 'code':
      return option.expected;
    case 'any-of':
      return option.expected ?? option.of.map((each) => expectedOf(each)).join(' or ');
    case 'part':
      if (option.kind !== 'schedule') return `a ${option.kind}`;
      return got === 'number' ? amount('a finite number', option) : 'a number or a schedule (step) => number';
    case 'list': {
      const length = writeLength(option);
      return `an array${length && ` of ${length}`}, each ${expectedOf(option.of)}`;
    }
    case 'record':
      return `an object { ${Object.keys(option.fields).join(', ')} }`;
    case 'tagged':
      return `an object { ${option.tag}: one of [${Object.keys(option.cases).join(', ')}], … }`;
  }
}

function amount(what: string, range: Range): string {
  const written = writeRange(range);
  if (written === '') return what;
  return /^[[(]/.test(written) && what === 'a finite number'
    ? `in ${written}`
    : `${what}${/^[[(]/.test(written) ? ' in' : ''} ${written}`;
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

function show(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  return Array.isArray(value) ? `[${value}]` : String(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
