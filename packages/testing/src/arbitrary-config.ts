import type { AnyOption, Declarations, Kind } from '@tfjs-sam/core';
import { nearestNames, type Registry } from '@tfjs-sam/core/registry';
import fc from 'fast-check';

/** Decides if options with a default are written out always, or now and then. */
export type Completeness = 'complete' | 'sparse';

/** Parts may hold parts: a configuration deeper than this is not generated. */
const DEEPEST = 4;

/** Undefined where nothing can be written down: a kind without parts, a part that would be too deep, code. */
type MaybeValues = fc.Arbitrary<unknown> | undefined;

interface Context {
  readonly registry: Registry;
  readonly completeness: Completeness;
  /** Generators that are made already, by part and depth. */
  readonly known: Map<string, MaybeValues>;
  readonly depth: number;
}

/** Makes generators that share what they have in common, as `arbitraryConfig` makes one; of a registry as it is now. */
export function arbitraryConfigs(
  registry: Registry,
  completeness: Completeness = 'complete',
): (kind: Kind, name: string) => fc.Arbitrary<unknown> {
  const context: Context = { registry, completeness, known: new Map(), depth: 0 };
  return (kind, name) => {
    const found = namedPart(kind, name, context);
    if (found) return found;
    throw new RangeError(`arbitraryConfig: expected a ${kind} that JSON can describe, got "${name}"`);
  };
}

/**
 * Every configuration of a registry's part, as its declaration has it.
 *
 * @param completeness - Whether options with a default are always there. Default 'complete'.
 * @throws RangeError when the registry has no such part, or the part needs what JSON cannot hold.
 */
export const arbitraryConfig = (
  registry: Registry,
  kind: Kind,
  name: string,
  completeness?: Completeness,
): fc.Arbitrary<unknown> => arbitraryConfigs(registry, completeness)(kind, name);

function namedPart(kind: Kind, name: string, context: Context): MaybeValues {
  const { registry, known, depth } = context;
  if (depth > DEEPEST) return undefined;
  const key = `${depth} ${kind} ${name}`;
  if (!known.has(key)) {
    const own = recordOf(registry.find(name, kind).options, { ...context, depth: depth + 1 });
    const label = kind === 'variant' ? 'variant' : 'name';
    known.set(
      key,
      own?.map((options) => ({ [label]: name, ...(options as object) })),
    );
  }
  return known.get(key);
}

function oneOfKind(kind: Kind, context: Context): MaybeValues {
  const parts = context.registry.list(kind).flatMap((name) => namedPart(kind, name, context) ?? []);
  return parts.length > 0 ? fc.oneof(...parts) : undefined;
}

function recordOf(declared: Declarations, context: Context): MaybeValues {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  const always: string[] = [];
  for (const [name, option] of Object.entries(declared)) {
    // Its lists must fit its count, and it excludes other options: see the tests of independent runs.
    if (name === 'runs') continue;
    const values = valuesOf(option, context);
    if (values) fields[name] = values;
    else if (option.need === 'required') return undefined;
    const written = option.need === 'defaulted' && context.completeness === 'complete';
    if (values && (option.need === 'required' || written)) always.push(name);
  }
  return fc.record(fields, { requiredKeys: always, noNullPrototype: true });
}

function valuesOf(option: AnyOption, context: Context): MaybeValues {
  switch (option.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return integersOf(option);
    case 'number':
      return numbersOf(option);
    case 'text':
      // Patterns of variables' names.
      return fc.constantFrom('kernel$', '(bias|beta)$', '');
    case 'one-of':
      return fc.constantFrom(...option.values);
    case 'part':
      return eitherOf([
        option.kind === 'schedule' ? numbersOf(option) : undefined,
        oneOfKind(option.kind, context),
        option.or && oneOfKind(option.or, context),
      ]);
    case 'list': {
      const values = valuesOf(option.of, context);
      const { min = 0, max = min + 2 } = option;
      if (values) return fc.array(values, { minLength: min, maxLength: max });
      return min === 0 ? fc.constant([]) : undefined;
    }
    case 'record':
      return recordOf(option.fields, context);
    case 'tagged':
      return eitherOf(
        Object.entries(option.cases).map(([tag, fields]) =>
          recordOf(fields, context)?.map((own) => ({ [option.tag]: tag, ...(own as object) })),
        ),
      );
    case 'any-of':
      return eitherOf(option.of.map((each) => valuesOf(each, context)));
    case 'code':
      return undefined;
  }
}

function eitherOf(choices: readonly MaybeValues[]): MaybeValues {
  const values = choices.flatMap((choice) => choice ?? []);
  return values.length > 0 ? fc.oneof(...values) : undefined;
}

type Bounds = Pick<Extract<AnyOption, { type: 'number' | 'integer' }>, 'min' | 'max' | 'above' | 'below'>;

/** Ranks, periods and counts: small ones keep failures readable. */
function integersOf({ min, above, max, below }: Bounds): fc.Arbitrary<number> {
  const low = min ?? (above === undefined ? -1000 : Math.floor(above) + 1);
  const high = max ?? (below === undefined ? Math.max(low, 0) + 1000 : Math.ceil(below) - 1);
  return fc.integer({ min: low, max: Math.min(high, Math.max(low, 0) + 1000) });
}

/**
 * Both ends and a thousand values between: sizes that training meets, not the smallest numbers there are, whose inverse is
 * infinite. Where nothing is said of a range, negative values are left out: rates and radii have none.
 */
function numbersOf({ min, above, max, below }: Bounds): fc.Arbitrary<number> {
  const low = above ?? min ?? 0;
  const high = below ?? max;
  const span = high === undefined ? 1024 : high - low;
  const steps = { min: above === undefined ? 0 : 1, max: below === undefined ? 1024 : 1023 };
  return fc.integer(steps).map((step) => low + (span * step) / 1024);
}

/** A name that is none of the known ones, and to which one of them is nearest: that name with a letter too many. */
export function misspelt(known: readonly string[], name: string): string {
  const wrong = ['z', 'q', 'y'].map((letter) => `${name}${letter}`).find((each) => !known.includes(each))!;
  if (nearestNames(wrong, known)[0] !== name)
    throw new Error(`misspelt: "${wrong}" is nearer to another name`);
  return wrong;
}
