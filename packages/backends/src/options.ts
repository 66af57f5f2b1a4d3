import { type BackendName, backendNames } from './types.js';

/** The values that one option accepts, and the words for them in a message. */
interface Rule {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** RangeError for a bad number or name, TypeError for the wrong kind of thing. */
  readonly kind: RangeErrorConstructor | TypeErrorConstructor;
}

/** The options that a function accepts. */
interface OptionSet {
  readonly owner: string;
  readonly rules: Readonly<Record<string, Rule>>;
  /** Values that it accepts in place of options, and the remedy for anything else. */
  readonly instead?: { readonly expected: string; readonly remedy: string };
}

/** True where something is the name of a backend. */
export const isBackendName = (value: unknown): value is BackendName =>
  backendNames.some((known) => known === value);

/** The names that a backend may have, in the words of a message. */
export const oneOfTheBackends = `one of [${backendNames.join(', ')}]`;

/** True where something is a number of threads. */
export const isThreadCount = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 64;

const resolveFrom: Rule = {
  expected: 'resolveFrom to be the path of a folder',
  accepts: (value) => typeof value === 'string',
  kind: TypeError,
};

/** The options of `prepareBackend`. */
export const prepareOptions: OptionSet = {
  owner: 'prepareBackend',
  rules: {
    backend: { expected: oneOfTheBackends, accepts: isBackendName, kind: RangeError },
    deterministic: {
      expected: 'deterministic to be true or false',
      accepts: (value) => typeof value === 'boolean',
      kind: TypeError,
    },
    threads: {
      expected: 'threads to be a whole number from 1 to 64',
      accepts: isThreadCount,
      kind: RangeError,
    },
    log: {
      expected: 'log to be a function that takes a line',
      accepts: (value) => typeof value === 'function',
      kind: TypeError,
    },
    resolveFrom,
  },
  instead: { expected: oneOfTheBackends, remedy: 'Name one backend, or none for the first that works' },
};

/** The options of `doctor`. */
export const doctorOptions: OptionSet = {
  owner: 'doctor',
  rules: {
    budget: {
      expected: 'budget to be a finite number of milliseconds >= 0',
      accepts: (value) => Number.isFinite(value) && (value as number) >= 0,
      kind: RangeError,
    },
    resolveFrom,
  },
};

function show(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

const listed = ({ rules }: OptionSet): string => `options of [${Object.keys(rules).join(', ')}]`;

/** Throws a TypeError unless something is an object, as options are. */
function requireObject(set: OptionSet, given: unknown): asserts given is object {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return;
  const { owner, instead } = set;
  const expected = `${instead ? `${instead.expected} or ` : ''}an object with ${listed(set)}`;
  const remedy = instead ? `. ${instead.remedy}` : '';
  throw new TypeError(`${owner}: expected ${expected}, got ${show(given)}${remedy}`);
}

/** Throws at the first thing about options that is wrong; one that is undefined is absent. */
export function requireOptions(set: OptionSet, given: unknown): void {
  const { owner, rules } = set;
  requireObject(set, given);
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) throw new RangeError(`${owner}: expected ${listed(set)}, got "${name}"`);
    if (value !== undefined && !rule.accepts(value))
      throw new rule.kind(`${owner}: expected ${rule.expected}, got ${show(value)}`);
  }
}
