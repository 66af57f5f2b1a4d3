import * as z from 'zod';
import type { Kind } from '../declare/kinds.js';
import { nameKey } from './json-schema.js';
import { type PartInfo, type Resolver, resolvingWith } from './nested.js';
import type { Plugin } from './plugin.js';
import { errorOf, explainIssues, issueOf, type Problem, unknownName } from './problems.js';
import { schemaOf } from './schema.js';

/** Where the resolution of a configuration looks names up. */
export interface Directory {
  plugin(kind: Kind, name: string): Plugin | undefined;
  list(kind: Kind): string[];
}

/** Makes of a plugin's checked options the part itself, or its completed configuration. */
export type Finish = (plugin: Plugin, options: Record<string, unknown>) => unknown;

/**
 * Walks a configuration from the leaves to the root, each plugin's checked options going through `finish`.
 *
 * @throws RangeError with a line for each thing that is wrong.
 */
export function resolveConfig(directory: Directory, kind: Kind, config: unknown, finish: Finish): unknown {
  const resolver: Resolver = (info, value, context) => {
    const outcome = resolvePart(directory, info, value, finish);
    if ('value' in outcome) return outcome.value;
    for (const issue of outcome.issues) context.addIssue(issue);
    return z.NEVER;
  };
  const root = z.unknown().transform((value, context) => resolver({ kind }, value, context));
  const result = resolvingWith(resolver, () => root.safeParse(config));
  if (result.success) return result.data;
  throw errorOf(result.error.issues);
}

type Outcome = { readonly value: unknown } | { readonly issues: ReturnType<typeof issueOf>[] };

/** The one of two kinds that a configuration means: that whose key it has, or that knows its bare name. */
function kindMeant(directory: Directory, { kind, or }: PartInfo, given: unknown): Kind {
  if (or === undefined) return kind;
  if (typeof given === 'string')
    return directory.plugin(or, given) && !directory.plugin(kind, given) ? or : kind;
  return isRecord(given) && nameKey(or) in given ? or : kind;
}

function resolvePart(directory: Directory, info: PartInfo, given: unknown, finish: Finish): Outcome {
  if (info.kind === 'schedule' && typeof given === 'number') return checkNumber(given, info.minimum);
  const fail = (problem: Problem, path: string[] = []) => ({ issues: [issueOf(problem, path)] });
  const kind = kindMeant(directory, info, given);
  const key = nameKey(kind);
  const value = typeof given === 'string' ? { [key]: given } : given;
  const known = directory.list(kind);
  if (!isRecord(value)) {
    const named = `an object { ${key}: one of [${known.join(', ')}], … }`;
    const { minimum } = info;
    const number = `number or schedule${minimum === undefined ? '' : ` >= ${minimum}`}`;
    return fail({ expected: kind === 'schedule' && value === undefined ? number : named, got: value });
  }
  const { [key]: name, ...options } = value;
  const plugin = typeof name === 'string' ? directory.plugin(kind, name) : undefined;
  if (plugin === undefined) return fail(unknownName(name, known), value === given ? [key] : []);
  const result = schemaOf(plugin.options).safeParse(options);
  return result.success
    ? { value: finish(plugin, result.data) }
    : { issues: explainIssues(plugin, result.error.issues, options) };
}

function checkNumber(value: number, minimum = Number.NEGATIVE_INFINITY): Outcome {
  if (Number.isFinite(value) && value >= minimum) return { value };
  return { issues: [issueOf({ expected: `number or schedule >= ${minimum}`, got: value })] };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
