import { z } from 'zod';
import { type Kind, kinds } from './kinds.js';
import { partInfo } from './options.js';
import type { Plugin } from './plugin.js';

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** One option of a plugin, as documentation and `--help` show it. */
export interface OptionRow {
  /** The option's name. */
  readonly name: string;
  /** 'number', 'integer', 'boolean', the values of an enumeration, or the kind of a nested part. */
  readonly type: string;
  /** What it is for. */
  readonly description: string;
  /** The value of an option left out; undefined where there is none. */
  readonly default: unknown;
  /** '>= 0', '[0, 1)', …; empty where every value of the type is accepted. */
  readonly range: string;
  /** Whether it must be given. */
  readonly required: boolean;
}

/** The key under which a configuration names the plugin. */
export const nameKey = (kind: Kind) => (kind === 'variant' ? 'variant' : 'name');

const refTo = (key: string): JsonSchema => ({ $ref: `#/$defs/${key}` });
const keyOf = ({ kind, name }: Plugin) => `${kind}.${name}`;

/** A plugin's configuration as JSON Schema; nested parts refer to `#/$defs/<kind>`. */
export function pluginSchema({ kind, name, description, options }: Plugin): JsonSchema {
  const { $schema, properties, required, ...rest } = z.toJSONSchema(options, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const info = partInfo.get(zodSchema);
      if (info?.minimum !== undefined) {
        jsonSchema.anyOf = [{ type: 'number', minimum: info.minimum }, refTo(info.kind)];
      } else if (info?.or) jsonSchema.anyOf = [refTo(info.kind), refTo(info.or)];
      else if (info) Object.assign(jsonSchema, refTo(info.kind));
      // zod keeps the default of a part to itself, because its type is the part's, not the configuration's.
      const { def } = zodSchema._zod;
      if (def.type === 'default' && jsonSchema.default === undefined) jsonSchema.default = def.defaultValue;
      // zod writes the range of safe integers where no limit was given.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  const key = nameKey(kind);
  return {
    ...rest,
    description,
    properties: { [key]: { const: name }, ...properties },
    required: [key, ...(required ?? [])],
  };
}

/** One document with every plugin among its definitions; its root is a whole optimizer. */
export function documentOf(plugins: readonly Plugin[]): JsonSchema {
  const choice = (kind: Kind): JsonSchema => {
    const members = plugins.filter((plugin) => plugin.kind === kind);
    return members.length > 0 ? { anyOf: members.map((plugin) => refTo(keyOf(plugin))) } : { not: {} };
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A sharpness-aware optimizer',
    ...refTo('variant'),
    $defs: {
      ...Object.fromEntries(kinds.map((kind) => [kind, choice(kind)])),
      ...Object.fromEntries(plugins.map((plugin) => [keyOf(plugin), pluginSchema(plugin)])),
    },
  };
}

/** The options table of a plugin, its own name left out. */
export function optionRows(plugin: Plugin): OptionRow[] {
  const { properties = {}, required = [] } = pluginSchema(plugin);
  return Object.entries(properties)
    .filter(([name]) => name !== nameKey(plugin.kind))
    .map(([name, schema]) => ({
      name,
      type: typeOf(schema as JsonSchema),
      description: (schema as JsonSchema).description ?? '',
      default: (schema as JsonSchema).default,
      range: rangeOf(schema as JsonSchema),
      required: required.includes(name),
    }));
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (schema.$ref) return schema.$ref.replace('#/$defs/', '');
  const choices = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (choices) return choices.map(typeOf).join(' or ');
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(
      ([key, field]) => `${key}: ${typeOf(field as JsonSchema)}`,
    );
    return `{ ${fields.join(', ')} }`;
  }
  if (schema.items) return `array of ${typeOf(schema.items as JsonSchema)}`;
  return String(schema.type ?? 'value');
}

function rangeOf(schema: JsonSchema): string {
  const limited = ((schema.anyOf ?? []) as JsonSchema[]).find(({ type }) => type === 'number') ?? schema;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = limited;
  const [low, high] = [exclusiveMinimum ?? minimum, exclusiveMaximum ?? maximum];
  if (low !== undefined && high !== undefined) {
    return `${exclusiveMinimum === undefined ? '[' : '('}${low}, ${high}${exclusiveMaximum === undefined ? ']' : ')'}`;
  }
  if (low !== undefined) return `${exclusiveMinimum === undefined ? '>=' : '>'} ${low}`;
  if (high !== undefined) return `${exclusiveMaximum === undefined ? '<=' : '<'} ${high}`;
  return '';
}
