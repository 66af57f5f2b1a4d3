import type { Plugin, Registry } from '@tfjs-sam/core/registry';
import type { JsonObject } from './study/paths.js';

/** A method as comparisons name it. */
export interface Variant {
  /** Its name on the command line. */
  readonly name: string;
  /** The method in one line. */
  readonly summary: string;
  /** Where it was published, or what provides it. */
  readonly source: string;
  /** Options that `--rho` sets; empty where it means nothing. */
  readonly radii: readonly string[];
  /** The optimizer of a study's arm that is it, over the base that all arms share; empty for the base alone. */
  readonly config: JsonObject;
}

/** The base alone: what every variant is compared with. */
const plain: Variant = {
  name: 'sgd',
  summary: 'Stochastic gradient descent with momentum, the base of all others',
  source: 'Polyak 1964, doi 10.1016/0041-5553(64)90137-5',
  radii: [],
  config: {},
};

/** Options that a study gives to every optimizer: others that are required it cannot guess. */
const supplied = ['base', 'numData'];

const isComplete = ({ options }: Plugin): boolean =>
  Object.entries(options).every(([name, { need }]) => need !== 'required' || supplied.includes(name));

/** The radii of a variant that are numbers: what a comparison chooses. */
export const radiiOf = ({ options }: Plugin): string[] =>
  Object.keys(options).filter((name) => options[name]!.role === 'radius');

/** The base alone, and every variant of a registry that needs no option of its own. */
export function variantsOf(registry: Registry): Variant[] {
  const plugins = registry.list('variant').map((name) => registry.find(name, 'variant'));
  const rows = plugins.filter(isComplete).map(
    (plugin): Variant => ({
      name: plugin.name,
      summary: plugin.doc,
      source: plugin.source ?? plugin.package,
      radii: radiiOf(plugin),
      config: { variant: plugin.name },
    }),
  );
  return [plain, ...rows];
}

/** @throws RangeError when none of them has that name. */
export function variantNamed(name: string, known: readonly Variant[]): Variant {
  const found = known.find((variant) => variant.name === name);
  if (found) return found;
  const names = known.map((variant) => variant.name).join(', ');
  throw new RangeError(`lab: expected one of [${names}], got "${name}"`);
}
