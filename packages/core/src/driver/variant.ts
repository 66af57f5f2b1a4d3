import type * as tf from '@tensorflow/tfjs-core';
import { complete, configOf } from '../declare/check.js';
import { type Checked, type ConfigOf, type Declarations, type OptionsOf, part } from '../declare/option.js';
import { type Declaring, declared, type Part, pick } from '../declare/part.js';
import type { SharpnessRule } from '../rules/rule.js';
import { SharpnessAwareOptimizer } from './optimizer.js';
import { type DriverOptions, driverOptions } from './options.js';

/** A variant, declared once. The options of the driver and the base optimizer are added to its own. */
export interface VariantDeclaration<D extends Declarations> {
  /** Its name in configurations and messages: lower case, words joined by "-". */
  readonly name: string;
  /** A sentence on its purpose, in one line. */
  readonly doc: string;
  /** When it is the one to take, in one line: 'Where layers differ in scale'. */
  readonly use?: string;
  /** Where it was published: 'Foret et al. 2021, arXiv 2010.01412'. */
  readonly source?: string;
  /** Gradient evaluations a step, those of refreshing masks and estimates aside: a number, or one from the options. */
  readonly gradients?: number | ((options: Checked<D>) => number);
  /** Its own options. */
  readonly options: D;
  /** Makes its rule from checked options. */
  rule(options: Checked<D>): SharpnessRule;
}

/** A variant's function: joins its rule to a base optimizer. */
export type Variant<Options> = ((base: tf.Optimizer, options?: Options) => SharpnessAwareOptimizer) &
  Declaring<'variant'>;

/** A variant's options in plain JSON. */
export type VariantConfig<D> = ConfigOf<D & typeof driverOptions & typeof baseOption>;

const baseOption = { base: part('base-optimizer', { doc: 'The optimizer that consumes the direction' }) };

/**
 * Declares a variant, and makes its function.
 *
 * @example
 * const options = { rho: radius({ default: 0.05 }), ...strategyOptions };
 * export interface SamOptions extends OptionsOf<typeof options>, DriverOptions {}
 * export const sam: Variant<SamOptions> = defineVariant({
 *   name: 'sam', doc: 'Sharpness-aware minimization', source: 'Foret et al. 2021, arXiv 2010.01412', gradients: 2,
 *   options, rule: (given) => compose({ ...given, name: 'sam' }),
 * });
 */
/*#__NO_SIDE_EFFECTS__*/
export function defineVariant<const D extends Declarations>({
  rule,
  ...about
}: VariantDeclaration<D>): Variant<OptionsOf<D> & DriverOptions> {
  const { name } = about;
  const own = { ...about.options, ...driverOptions };
  const make = (base: tf.Optimizer, given: object): SharpnessAwareOptimizer => {
    const checked = complete(name, own, given);
    const [mine, driver] = [pick(checked, about.options), pick(checked, driverOptions)];
    return new SharpnessAwareOptimizer(base, rule(mine as Checked<D>), driver as DriverOptions, {
      name,
      ...configOf(own, checked),
    });
  };
  const described: Part<'variant'> = {
    ...about,
    kind: 'variant',
    owner: name,
    options: { ...own, ...baseOption },
    create: (options) => {
      const { base, ...rest } = options as { base: tf.Optimizer };
      return make(base, rest);
    },
  };
  return declared(described, (base: tf.Optimizer, given: object = {}) => make(base, given));
}

/** A variant with some of its options set, by a name of its own. */
export interface PresetDeclaration<Options> {
  /** Its name in configurations and on the command line. */
  readonly name: string;
  /** A sentence on its purpose, in one line. */
  readonly doc: string;
  /** When it is the one to take, in one line. Default: that of its variant. */
  readonly use?: string;
  /** The options that it sets: its defaults. */
  readonly options: Options;
}

/**
 * Declares a preset: a variant whose defaults are others. It is its variant in all but the name; its optimizers'
 * configurations name the variant.
 *
 * @example definePreset(bisam, { name: 'bisam-log', doc: 'BiSAM with a logarithmic bound', options: { lowerBound: { kind: 'log' } } })
 */
/*#__NO_SIDE_EFFECTS__*/
export function definePreset<Options extends object>(
  variant: Variant<Options>,
  { name, doc, use = variant.part.use, options }: PresetDeclaration<NoInfer<Options>>,
): Variant<Options> {
  const defaults = Object.entries(options).map(([option, value]) => [
    option,
    { ...variant.part.options[option]!, need: 'defaulted', default: value },
  ]);
  const described: Part<'variant'> = {
    ...variant.part,
    name,
    doc,
    use,
    presetOf: variant.part.name,
    options: { ...variant.part.options, ...Object.fromEntries(defaults) },
    create: (given) => variant.part.create({ ...options, ...defined(given) }),
  };
  return declared(described, (base: tf.Optimizer, given: object = {}) =>
    variant(base, { ...options, ...defined(given) } as Options),
  );
}

/** The options that are not undefined: an explicit undefined means the default. */
function defined(given: object): object {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
