import * as z from 'zod';
import type { AnyOption, Declarations, Range } from '../declare/option.js';
import { nestedPart } from './nested.js';

const schemas = new WeakMap<Declarations, z.ZodObject>();

/** The schema of declared options: what configurations may say. What only code can say is not among it. */
export function schemaOf(declared: Declarations): z.ZodObject {
  const schema = schemas.get(declared) ?? newSchema(declared);
  schemas.set(declared, schema);
  return schema;
}

function newSchema(declared: Declarations): z.ZodObject {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(declared).flatMap(([name, option]) => {
        const schema = bareSchema(option);
        return schema ? [[name, completed(schema, option).describe(describedOption(option))]] : [];
      }),
    ),
  );
}

/** An option's purpose, its unit, and what holds where it is left out without a default. */
export function describedOption({ doc, unit, otherwise }: AnyOption): string {
  return `${doc}${unit && unit !== 'dimensionless' ? `, in ${unit}` : ''}${otherwise ? `. Default: ${otherwise}` : ''}`;
}

function completed(schema: z.ZodType, { need, default: value }: AnyOption): z.ZodType {
  if (need === 'optional') return schema.optional();
  // A default of options is completed by its own defaults, as what is given is.
  if (need === 'defaulted') return typeof value === 'object' ? schema.prefault(value) : schema.default(value);
  return schema;
}

function bareSchema(option: AnyOption): z.ZodType | undefined {
  switch (option.type) {
    case 'number':
      return ranged(z.number(), option);
    case 'integer':
      return ranged(z.int(), option);
    case 'boolean':
      return z.boolean();
    case 'text':
      return option.length === undefined ? z.string() : z.string().length(option.length);
    case 'one-of':
      return z.literal([...option.values]);
    case 'part':
      return nestedPart({ kind: option.kind, minimum: option.min, or: option.or });
    case 'list': {
      const entries = bareSchema(option.of);
      if (!entries) return undefined;
      const { min = 0, max } = option;
      return max === undefined ? z.array(entries).min(min) : z.array(entries).min(min).max(max);
    }
    case 'record':
      return schemaOf(option.fields);
    case 'tagged': {
      const cases = Object.entries(option.cases).map(([name, fields]) =>
        schemaOf(fields).extend({ [option.tag]: z.literal(name) }),
      );
      return z.discriminatedUnion(option.tag, cases as [z.ZodObject, ...z.ZodObject[]]);
    }
    case 'any-of':
      return z.union(option.of.flatMap((each) => bareSchema(each) ?? []));
    case 'code':
      return undefined;
  }
}

function ranged(schema: z.ZodNumber, { min, above, max, below }: Range): z.ZodNumber {
  let limited = schema;
  if (min !== undefined) limited = limited.min(min);
  if (above !== undefined) limited = limited.gt(above);
  if (max !== undefined) limited = limited.max(max);
  if (below !== undefined) limited = limited.lt(below);
  return limited;
}
