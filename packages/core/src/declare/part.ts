import { completeKnown, configOf, requireKnown } from './check.js';
import type { Configured, NamedConfig } from './config.js';
import type { Kind, PartTypes } from './kinds.js';
import type { Checked, Declarations, OptionsOf } from './option.js';

/** A part, declared once: names, types, defaults, ranges, tables, schemas and configurations follow from it. */
export interface PartDeclaration<K extends Kind, D extends Declarations, R extends PartTypes[K]> {
  /** The kind of thing that it makes. */
  readonly kind: K;
  /** Its name in configurations, unique within the kind: lower case, words joined by "-". */
  readonly name: string;
  /** Its name in messages: that of the function. Default: `name`. */
  readonly owner?: string;
  /** A sentence on its purpose, in one line. */
  readonly doc: string;
  /** When it is the one to take, in one line: 'Where layers differ in scale'. */
  readonly use?: string;
  /** Where it was published: 'Foret et al. 2021, arXiv 2010.01412'. */
  readonly source?: string;
  /** Gradient evaluations a step, of a variant: a number, or one from the options. */
  readonly gradients?: number | ((options: Checked<D>) => number);
  /** Its options. */
  readonly options: D;
  /** Makes a new one from checked options. */
  create(options: Checked<D>): R;
}

/** A part as those see it who read declarations: registry, tables, command line. */
export interface Part<K extends Kind = Kind> {
  readonly kind: K;
  readonly name: string;
  readonly owner: string;
  readonly doc: string;
  /** When it is the one to take. */
  readonly use?: string | undefined;
  readonly source?: string | undefined;
  readonly options: Declarations;
  /** The variant whose preset it is. */
  readonly presetOf?: string | undefined;
  /** Gradient evaluations a step, where it is known of a variant, with these options. */
  readonly gradients?: number | ((options: never) => number) | undefined;
  /** Makes a new one from options whose names are declared. @throws RangeError, TypeError for values that are not. */
  create(options: object): PartTypes[K];
}

/** A function that has been made from a declaration. */
export interface Declaring<K extends Kind = Kind> {
  /** The declaration that it was made from. */
  readonly part: Part<K>;
}

/** A function that makes a part: all options may be left out where none is required. */
export type PartFunction<Options, Made, K extends Kind = Kind> = ((
  ...options: Record<never, never> extends Options ? [options?: Options] : [options: Options]
) => Made) &
  Declaring<K>;

/**
 * Parts by kind and name, for `fromConfig` alone: TensorFlow.js names a class when it loads a model, and nothing says then
 * which registry is meant. A declaration enters when it is made, so that a bundle has those that it uses. The last one of a
 * name counts: two copies of a package and hot reload do not throw.
 */
const known = new Map<string, Part>();

/**
 * Makes parts known to `SharpnessAwareOptimizer.fromConfig`, that is, to a model loaded with its optimizer. Importing a
 * package does so without a bundler; a bundle leaves out what is not used, and so forgets it unless it is named here.
 *
 * @example registerParts(gsam, cosineDecay); await tf.loadLayersModel(url);
 */
export function registerParts(...functions: readonly Declaring[]): void {
  for (const { part } of functions) remember(part);
}

function remember(part: Part): void {
  known.set(`${part.kind}:${part.name}`, part);
}

/** The names that `fromConfig` knows of a kind. */
export function namesOf(kind: string): string[] {
  return [...known.values()].filter((part) => part.kind === kind).map(({ name }) => name);
}

/** The part that `fromConfig` finds under a name. */
export function partNamed(kind: string, name: string): Part | undefined {
  return known.get(`${kind}:${name}`);
}

/**
 * Declares a part, and makes the function that makes it.
 *
 * @example
 * export const surrogateGap: PartFunction<SurrogateGapOptions, GradientCombiner> = definePart({
 *   kind: 'combiner',
 *   name: 'gsam',
 *   owner: 'surrogateGap',
 *   doc: 'The perturbed gradient, less a share of the gradient across it',
 *   source: 'Zhuang et al. 2022, arXiv 2203.08065',
 *   options: { alpha: number({ min: 0, default: 0.4, doc: 'Weight of the surrogate gap' }) },
 *   create: ({ alpha }) => ({ combine: (context) => … }),
 * });
 */
/*#__NO_SIDE_EFFECTS__*/
export function definePart<K extends Kind, const D extends Declarations, R extends PartTypes[K]>(
  declaration: PartDeclaration<K, D, R>,
): PartFunction<OptionsOf<D>, R & Configured, K> {
  const part = partOf(declaration);
  return declared(part, (given = {}) => {
    requireKnown({ owner: part.owner, path: '' }, part.options, given);
    return part.create(given);
  });
}

/** A declared part. Nobody gives it names of options yet: whoever does refuses unknown ones. */
/*#__NO_SIDE_EFFECTS__*/
export function partOf<K extends Kind, const D extends Declarations, R extends PartTypes[K]>(
  declaration: PartDeclaration<K, D, R>,
): Part<K> {
  const { owner = declaration.name, options, name } = declaration;
  const create = (given: object) => {
    const checked = completeKnown({ owner, path: '' }, options, given) as Checked<D>;
    return withConfig(declaration.create(checked), () => ({ name, ...configOf(options, checked) }));
  };
  return { ...declaration, owner, create } as unknown as Part<K>;
}

/** Gives a function its declaration, and makes the part known to `fromConfig`. */
/*#__NO_SIDE_EFFECTS__*/
export function declared<K extends Kind, F>(
  part: Part<K>,
  call: (...args: never[]) => unknown,
): F & Declaring<K> {
  remember(part);
  return Object.assign(call, { part }) as F & Declaring<K>;
}

/** A made part knows its configuration, unless it tells it by itself or is no object. */
function withConfig<R>(made: R, config: () => NamedConfig): R & Configured {
  const tells =
    made === null ||
    !/object|function/.test(typeof made) ||
    'getConfig' in (made as object) ||
    'config' in (made as object);
  return (tells ? made : Object.assign(made as object, { config: config() })) as R & Configured;
}

/** Of some values those that are declared. */
export function pick<D extends Declarations>(values: object, declared: D): Partial<Checked<D>> {
  const entries = Object.entries(values).filter(([name]) => Object.hasOwn(declared, name));
  return Object.fromEntries(entries) as Partial<Checked<D>>;
}
