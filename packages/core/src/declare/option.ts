import type { Sort } from './check.js';
import type { Kind, PartConfigs, PartTypes } from './kinds.js';
import {
  anyOfSort,
  booleanSort,
  codeSort,
  integerSort,
  listSort,
  numberSort,
  oneOfSort,
  optimizerSort,
  partSort,
  recordSort,
  scheduleSort,
  taggedSort,
  textSort,
} from './sorts.js';

/** Links an option to its types; nothing is there at run time. */
declare const TYPES: unique symbol;

/** Must be given, has a default, or may be left out. */
export type Need = 'required' | 'defaulted' | 'optional';

/** Ends of a range of numbers. What is left out is open. */
export interface Range {
  /** Least value. */
  readonly min?: number;
  /** Every value is above this one. */
  readonly above?: number;
  /** Greatest value. */
  readonly max?: number;
  /** Every value is below this one. */
  readonly below?: number;
}

/** An option as every reader of declarations sees it: data alone. */
export type AnyOption = {
  /** Its purpose: a noun phrase, without default, range and unit, which are added where it is shown. */
  readonly doc: string;
  /** Unit of its values: 'weight units', 'steps'. */
  readonly unit?: string | undefined;
  /** Must be given, has a default, or may be left out. */
  readonly need: Need;
  /** The value of an option left out. */
  readonly default?: unknown;
  /** The rule that holds where an optional one is left out, in words. */
  readonly otherwise?: string | undefined;
  /** Its role, where programs look for it: a radius is what comparisons choose. */
  readonly role?: 'radius' | undefined;
  /** Checks its values, and writes them. */
  readonly sort: Sort;
} & OptionForm;

/** The values that an option accepts. */
export type OptionForm =
  | ({ readonly type: 'number' | 'integer' } & Range)
  | { readonly type: 'boolean' }
  | { readonly type: 'text'; readonly location?: boolean; readonly length?: number | undefined }
  | { readonly type: 'one-of'; readonly values: readonly (string | number)[] }
  | ({ readonly type: 'part'; readonly kind: Kind; readonly or?: Kind | undefined } & Range)
  | { readonly type: 'list'; readonly of: AnyOption; readonly min?: number; readonly max?: number }
  | { readonly type: 'record'; readonly fields: Declarations }
  | { readonly type: 'tagged'; readonly tag: string; readonly cases: Readonly<Record<string, Declarations>> }
  | { readonly type: 'any-of'; readonly of: readonly AnyOption[]; readonly expected?: string | undefined }
  | {
      readonly type: 'code';
      readonly expected: string;
      readonly accepts: (value: unknown) => boolean;
      /** Belongs to a run, and so to no configuration. */
      readonly run?: boolean | undefined;
    };

/** Options by name: all that can be said of a part's options. */
export type Declarations = Readonly<Record<string, AnyOption>>;

/**
 * An option whose values are `Value` as given in code, `Done` once completed, and `Json` in configurations (never: it
 * cannot be written there).
 */
export interface Option<Value, Json, N extends Need, Done = Value> {
  readonly need: N;
  /** Types only. */
  readonly [TYPES]: { readonly value: Value; readonly done: Done; readonly json: Json };
}

/** An option whose values are code: no configuration has it. */
export interface CodeOption<Value, N extends Need> extends Option<Value, never, N> {
  readonly type: 'code';
}

/** The types of a part's option, looked up late: configurations of a kind may hold others of that kind. */
interface TypesOfPart<K extends Kind, Or extends Kind> {
  readonly value: PartTypes[K];
  readonly done: PartTypes[K];
  readonly json: PartConfigs[K | Or];
}

/** An option that is a part of its own. */
export interface PartOption<K extends Kind, N extends Need, Or extends Kind = K> {
  readonly need: N;
  /** Types only. */
  readonly [TYPES]: TypesOfPart<K, Or>;
}

/** An option whose types are looked up late. */
export interface LateOption<Types, N extends Need> {
  readonly need: N;
  /** Types only. */
  readonly [TYPES]: Types;
}

/** Types of a composite option, looked up late. */
export interface TypesOfList<O> {
  readonly value: readonly ValueOf<O>[];
  readonly done: readonly DoneOf<O>[];
  readonly json: readonly JsonOf<O>[];
}

/** Types of a composite option, looked up late. */
export interface TypesOfRecord<D> {
  readonly value: OptionsOf<D>;
  readonly done: Checked<D>;
  readonly json: ConfigOf<D>;
}

/** Types of a composite option, looked up late. */
export interface TypesOfTagged<T extends string, C> {
  readonly value: { [N in keyof C]: { readonly [K in T]: N } & OptionsOf<C[N]> }[keyof C];
  readonly done: { [N in keyof C]: { readonly [K in T]: N } & Checked<C[N]> }[keyof C];
  readonly json: { [N in keyof C]: { readonly [K in T]: N } & ConfigOf<C[N]> }[keyof C];
}

type Declared<O> = O & AnyOption;
type TypesOf<O> = O extends { readonly [TYPES]: infer T } ? T : never;
type ValueOf<O> = TypesOf<O> extends { readonly value: infer V } ? V : never;
type DoneOf<O> = TypesOf<O> extends { readonly done: infer V } ? V : never;
type JsonOf<O> = TypesOf<O> extends { readonly json: infer J } ? J : never;

type Required<D> = {
  [K in keyof D]: D[K] extends { readonly need: 'required' } ? K : never;
}[keyof D];
/** By their form, not by their types: these are looked up late. */
type Writable<D> = { [K in keyof D]: D[K] extends { readonly type: 'code' } ? never : K }[keyof D];

/** Options as the caller gives them: hover texts are those of the declarations. */
export type OptionsOf<D> = { readonly [K in keyof D as Extract<K, Required<D>>]: ValueOf<D[K]> } & {
  readonly [K in keyof D as Exclude<K, Required<D>>]?: ValueOf<D[K]> | undefined;
};

/** Options in plain JSON, nested parts as configurations. */
export type ConfigOf<D> = {
  readonly [K in keyof D as Extract<K, Required<D> & Writable<D>>]: JsonOf<D[K]>;
} & { readonly [K in keyof D as Exclude<Extract<K, Writable<D>>, Required<D>>]?: JsonOf<D[K]> | undefined };

/** Options as `create` receives them: checked, defaults filled in. */
export type Checked<D> = {
  readonly [K in keyof D]: D[K] extends { readonly need: 'optional' }
    ? DoneOf<D[K]> | undefined
    : DoneOf<D[K]>;
};

/** Every option's own words: `doc`, and a `default`, or `optional`: what holds where it is left out. */
export interface Spec<Value = unknown> {
  /** Its purpose: a noun phrase, without default, range and unit. */
  readonly doc: string;
  /** Unit of its values: 'weight units', 'steps'. */
  readonly unit?: string;
  /** The value of an option left out. */
  readonly default?: Value;
  /** It may be left out: what holds then, in words ('none', 'twice the rank'). */
  readonly optional?: string;
  /** Its role, where programs look for it. */
  readonly role?: 'radius';
}

type NeedOf<S> = S extends { readonly default: unknown }
  ? 'defaulted'
  : S extends { readonly optional: string }
    ? 'optional'
    : 'required';

function option<O>(sort: Sort, form: OptionForm, spec: Spec): Declared<O> {
  const { optional: otherwise, ...rest } = spec;
  const need = 'default' in spec ? 'defaulted' : otherwise === undefined ? 'required' : 'optional';
  return { ...rest, ...form, sort, need, otherwise } as unknown as Declared<O>;
}

/**
 * A finite number.
 *
 * @example number({ min: 0, default: 0.4, unit: 'dimensionless', doc: 'Weight of the surrogate gap' })
 */
/*#__NO_SIDE_EFFECTS__*/
export function number<const S extends Spec<number> & Range>(
  spec: S,
): Declared<Option<number, number, NeedOf<S>>> {
  return option(numberSort(spec), { type: 'number' }, spec);
}

/** A whole number. */
/*#__NO_SIDE_EFFECTS__*/
export function integer<const S extends Spec<number> & Range>(
  spec: S,
): Declared<Option<number, number, NeedOf<S>>> {
  return option(integerSort(spec), { type: 'integer' }, spec);
}

/** True or false. */
/*#__NO_SIDE_EFFECTS__*/
export function boolean<const S extends Spec<boolean>>(
  spec: S,
): Declared<Option<boolean, boolean, NeedOf<S>>> {
  return option(booleanSort, { type: 'boolean' }, spec);
}

/** A text, of `length` characters where that is said. */
/*#__NO_SIDE_EFFECTS__*/
export function text<const S extends Spec<string> & { readonly length?: number }>(
  spec: S,
): Declared<Option<string, string, NeedOf<S>>> {
  return option(textSort(spec.length), { type: 'text' }, spec);
}

/** The path of a file or folder; in a configuration that is a file it begins at that file's folder. */
/*#__NO_SIDE_EFFECTS__*/
export function location<const S extends Spec<string>>(spec: S): Declared<Option<string, string, NeedOf<S>>> {
  return option(textSort(), { type: 'text', location: true }, spec);
}

/** One of some words or numbers: `oneOf(['pass', 'skip'], { default: 'pass', doc })`. */
/*#__NO_SIDE_EFFECTS__*/
export function oneOf<const V extends readonly (string | number)[], const S extends Spec<V[number]>>(
  values: V,
  spec: S,
): Declared<Option<V[number], V[number], NeedOf<S>>> {
  return option(oneOfSort(values), { type: 'one-of', values }, spec);
}

/** A part of a kind: the part itself in code, `{ "name": "monge" }` in configurations. */
/*#__NO_SIDE_EFFECTS__*/
export function part<K extends Kind, const S extends Spec>(
  kind: K,
  spec: S,
): Declared<PartOption<K, NeedOf<S>>> {
  return option(kind === 'schedule' ? scheduleSort({}) : partSort(kind), { type: 'part', kind }, spec);
}

/** A number or a schedule of it, of one range: `schedule({ default: 0.05, doc })`. The range begins at 0 by default. */
/*#__NO_SIDE_EFFECTS__*/
export function schedule<const S extends Spec<number> & Range>(
  spec: S,
): Declared<PartOption<'schedule', NeedOf<S>>> {
  const ranged = { min: 0, ...spec };
  return option(scheduleSort(ranged), { type: 'part', kind: 'schedule' }, ranged);
}

/** Any optimizer, sharpness-aware ones among them: what a wrapper wraps. */
/*#__NO_SIDE_EFFECTS__*/
export function anyOptimizer<const S extends Spec>(
  spec: S,
): Declared<PartOption<'base-optimizer', NeedOf<S>, 'variant'>> {
  return option(optimizerSort(), { type: 'part', kind: 'base-optimizer', or: 'variant' }, spec);
}

/** Values of one sort, `min` to `max` of them, any number by default: `list(part('filter', { doc }), { default: [], doc })`. */
/*#__NO_SIDE_EFFECTS__*/
export function list<O extends AnyOption, const S extends Spec & Pick<Range, 'min' | 'max'>>(
  of: O,
  spec: S,
): Declared<LateOption<TypesOfList<O>, NeedOf<S>>> {
  return option(listSort(of, spec), { type: 'list', of }, spec);
}

/** Options of their own: `record({ rank: integer({ … }) }, { optional: 'none', doc })`. */
/*#__NO_SIDE_EFFECTS__*/
export function record<D extends Declarations, const S extends Spec>(
  fields: D,
  spec: S,
): Declared<LateOption<TypesOfRecord<D>, NeedOf<S>>> {
  return option(recordSort(fields), { type: 'record', fields }, spec);
}

/** Options that depend on one word among them: `tagged('kind', { tanh: { … }, log: { … } }, { default: { kind: 'tanh' }, doc })`. */
/*#__NO_SIDE_EFFECTS__*/
export function tagged<
  const T extends string,
  C extends Readonly<Record<string, Declarations>>,
  const S extends Spec<{ readonly [K in T]: keyof C }>,
>(tag: T, cases: C, spec: S): Declared<LateOption<TypesOfTagged<T, C>, NeedOf<S>>> {
  return option(taggedSort(tag, cases), { type: 'tagged', tag, cases }, spec);
}

/** One sort of value or another: `anyOf([number({ … }), oneOf(['infinity'], { … })], { default: 2, doc })`. */
/*#__NO_SIDE_EFFECTS__*/
export function anyOf<
  const O extends readonly AnyOption[],
  const S extends Spec<ValueOf<O[number]>> & { readonly expected?: string },
>(of: O, spec: S): Declared<Option<ValueOf<O[number]>, JsonOf<O[number]>, NeedOf<S>>> {
  return option(anyOfSort(of, spec.expected), { type: 'any-of', of }, spec);
}

/** Says what a value of code must be. */
export interface CodeSpec extends Spec {
  /** The values that are accepted, for messages: 'a function (step) => closures'. */
  readonly expected: string;
  /** Tells what is accepted. Default: functions. */
  readonly accepts?: (value: unknown) => boolean;
  /** Belongs to a run and not to the configuration: a listener. Default false. */
  readonly run?: boolean;
}

/** A function or another value that JSON cannot hold: `code<Sampler>()({ expected: 'a function …', optional: 'the seed', doc })`. */
/*#__NO_SIDE_EFFECTS__*/
export function code<Value>(): <const S extends CodeSpec>(spec: S) => Declared<CodeOption<Value, NeedOf<S>>> {
  return ({ accepts = (value) => typeof value === 'function', ...spec }) =>
    option(codeSort(accepts, spec.expected), { type: 'code', ...spec, accepts }, spec as unknown as Spec);
}
