import type { JsonSchema } from '@tfjs-sam/core/registry';
import fc from 'fast-check';

/** Whether options with a default are written out: always, or now and then. */
type Completeness = 'complete' | 'sparse';

/** Parts may hold parts: a configuration deeper than this is not generated. */
const DEEPEST = 4;

/** Every value that a definition of a JSON Schema document accepts. @throws Error for a construct it does not know. */
export function arbitraryOf(
  document: JsonSchema,
  name: string,
  completeness: Completeness,
): fc.Arbitrary<unknown> {
  const context = {
    defs: document.$defs ?? {},
    completeness,
    known: new Map<string, MaybeValues>(),
    depth: 0,
  };
  const found = referred(name, context);
  if (found) return found;
  throw new Error(`arbitraryOf: expected a definition that accepts something, got ${name}`);
}

/** Undefined where nothing is accepted: a kind that no plugin has, a part that would be too deep. */
type MaybeValues = fc.Arbitrary<unknown> | undefined;

interface Context {
  readonly defs: Readonly<Record<string, JsonSchema>>;
  readonly completeness: Completeness;
  /** What is built already, by definition and depth. */
  readonly known: Map<string, MaybeValues>;
  readonly depth: number;
}

function referred(name: string, context: Context): MaybeValues {
  const { defs, known, depth } = context;
  const key = `${depth} ${name}`;
  // A kind refers to its plugins, these to kinds again: two references for each level.
  if (depth > 2 * DEEPEST) return undefined;
  if (!known.has(key)) known.set(key, valuesOf(defs[name]!, { ...context, depth: depth + 1 }));
  return known.get(key);
}

function valuesOf(schema: JsonSchema, context: Context): MaybeValues {
  if (schema.$ref) return referred(schema.$ref.replace('#/$defs/', ''), context);
  if (schema.not) return undefined;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (choices) {
    // Beside references, an enumeration is of bare names, which are completed to what the references make.
    const whole = choices.some(({ $ref }) => $ref) ? choices.filter((choice) => !choice.enum) : choices;
    const values = whole.flatMap((choice) => valuesOf(choice, context) ?? []);
    return values.length > 0 ? fc.oneof(...values) : undefined;
  }
  if (schema.type === 'array') return listOf(schema, context);
  return schema.type === 'object' ? recordOf(schema, context) : scalarOf(schema);
}

function listOf({ items, minItems = 0 }: JsonSchema, context: Context): MaybeValues {
  const values = valuesOf(items as JsonSchema, context);
  if (values) return fc.array(values, { minLength: minItems, maxLength: minItems + 2 });
  return minItems === 0 ? fc.constant([]) : undefined;
}

function recordOf(schema: JsonSchema, context: Context): MaybeValues {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  const always: string[] = [];
  for (const [key, value] of Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)) {
    const required = schema.required?.includes(key);
    const values = valuesOf(value, context);
    if (values) fields[key] = values;
    else if (required) return undefined;
    if (values && (required || (context.completeness === 'complete' && value.default !== undefined))) {
      always.push(key);
    }
  }
  return fc.record(fields, { requiredKeys: always, noNullPrototype: true });
}

function scalarOf({
  type,
  minimum,
  maximum,
  exclusiveMinimum,
  exclusiveMaximum,
}: JsonSchema): fc.Arbitrary<unknown> {
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer') {
    // Ranks, periods and counts: small ones keep failures readable.
    return fc.integer({ min: minimum ?? -1000, max: Math.min(maximum ?? 1000, (minimum ?? 0) + 1000) });
  }
  // Texts are patterns of variables' names.
  if (type === 'string') return fc.constantFrom('kernel$', '(bias|beta)$', '');
  if (type !== 'number') throw new Error(`arbitraryOf: expected a type that it knows, got ${type}`);
  // Both ends and a thousand values between: sizes that training meets, not the smallest numbers there are, whose
  // inverse is infinite. Where nothing is said of a range, negative values are left out: rates and radii have none.
  const [low, high] = [Number(exclusiveMinimum ?? minimum ?? 0), exclusiveMaximum ?? maximum];
  const span = high === undefined ? 1024 : Number(high) - low;
  const steps = {
    min: exclusiveMinimum === undefined ? 0 : 1,
    max: exclusiveMaximum === undefined ? 1024 : 1023,
  };
  return fc.integer(steps).map((step) => low + (span * step) / 1024);
}
