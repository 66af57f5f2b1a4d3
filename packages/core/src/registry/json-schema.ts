import * as z from 'zod';
import type { Kind } from '../declare/kinds.js';
import type { AnyOption } from '../declare/option.js';
import { writeLength, writeRange } from '../declare/sorts.js';
import { partInfo } from './nested.js';
import type { Plugin } from './plugin.js';
import { describedOption, schemaOf } from './schema.js';

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** One option of a plugin, as documentation and `--help` show it. */
export interface OptionRow {
  /** The option's name. */
  readonly name: string;
  /** 'number', 'integer', 'boolean', the values of an enumeration, or the kind of a nested part. */
  readonly type: string;
  /** Its purpose. */
  readonly description: string;
  /** The value of an option left out; undefined where there is none. */
  readonly default: unknown;
  /** '>= 0', '[0, 1)', …; empty where every value of the type is accepted. */
  readonly range: string;
  /** True where it must be given. */
  readonly required: boolean;
}

/** The key under which a configuration names the plugin. */
export const nameKey = (kind: Kind) => (kind === 'variant' ? 'variant' : 'name');

const refTo = (key: string): JsonSchema => ({ $ref: `#/$defs/${key}` });
const keyOf = ({ kind, name }: Plugin) => `${kind}.${name}`;

/** A part's purpose in one line, with its source. */
export function describedPart({ doc, source }: Plugin): string {
  return source === undefined ? doc : `${doc} (${source})`;
}

/** A plugin's configuration as JSON Schema; nested parts refer to `#/$defs/<kind>`. */
function pluginSchema(plugin: Plugin): JsonSchema {
  const { kind, name } = plugin;
  const { $schema, properties, required, ...rest } = z.toJSONSchema(schemaOf(plugin.options), {
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
    description: describedPart(plugin),
    properties: { [key]: { const: name }, ...properties },
    required: [key, ...(required ?? [])],
  };
}

/** One document with every plugin among its definitions; its root is a whole optimizer. */
export function documentOf(plugins: readonly Plugin[], kinds: readonly Kind[]): JsonSchema {
  const choice = (kind: Kind): JsonSchema => {
    const members = plugins.filter((plugin) => plugin.kind === kind);
    if (members.length === 0) return { not: {} };
    // By its bare name, where no option has to be given.
    const bare = members.filter(({ options }) =>
      Object.values(options).every(({ need }) => need !== 'required'),
    );
    const names = bare.length > 0 ? [{ enum: bare.map(({ name }) => name) }] : [];
    return { anyOf: [...members.map((plugin) => refTo(keyOf(plugin))), ...names] };
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
  return Object.entries(plugin.options).map(([name, option]) => ({
    name,
    type: typeOf(option),
    description: describedOption(option),
    default: option.default,
    range: rangeOf(option),
    required: option.need === 'required',
  }));
}

/** Type and range in a few words: 'number >= 0'. */
export function describedValues(option: AnyOption): string {
  const range = rangeOf(option);
  return `${typeOf(option)}${range && ` ${range}`}`;
}

function typeOf(option: AnyOption): string {
  switch (option.type) {
    case 'one-of':
      return option.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'part': {
      if (option.kind === 'schedule') return 'number or schedule';
      return option.or ? `${option.kind} or ${option.or}` : option.kind;
    }
    case 'list': {
      const length = writeLength(option);
      return `array of ${typeOf(option.of)}${length && ` (${length})`}`;
    }
    case 'record':
      return fieldsOf(option.fields);
    case 'tagged':
      return Object.entries(option.cases)
        .map(([name, fields]) => fieldsOf(fields, `${option.tag}: ${JSON.stringify(name)}`))
        .join(' or ');
    case 'any-of':
      return option.of.map(typeOf).join(' or ');
    case 'code':
      return `${option.expected} (in code)`;
    default:
      return option.type;
  }
}

function fieldsOf(fields: Plugin['options'], first?: string): string {
  const each = Object.entries(fields).map(([name, field]) => `${name}: ${typeOf(field)}`);
  return `{ ${[...(first ? [first] : []), ...each].join(', ')} }`;
}

function rangeOf(option: AnyOption): string {
  if (option.type === 'any-of') return rangeOf(option.of[0]!);
  const ranged = option.type === 'number' || option.type === 'integer' || option.type === 'part';
  return ranged ? writeRange(option) : '';
}
