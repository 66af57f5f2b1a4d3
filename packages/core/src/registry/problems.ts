import type { z } from 'zod';
import { nearestNames } from '../declare/nearest.js';
import { optionRows } from './json-schema.js';
import type { Plugin } from './plugin.js';
import { schemaOf } from './schema.js';

/** What is wrong with a configuration at one path. */
export interface Problem {
  /** What the configuration may say there. */
  readonly expected: string;
  readonly got: unknown;
  /** What to do about it, where that is known. */
  readonly hint?: string | undefined;
}

type RawIssue = z.core.$ZodRawIssue<z.core.$ZodIssueCustom>;

/** A problem as an issue of zod, which puts the path of the outer configurations before its own. */
export function issueOf(problem: Problem, path: readonly PropertyKey[] = []): RawIssue {
  return { code: 'custom', path: [...path], input: problem.got, params: { problem } };
}

/** The issues of a plugin's own options as problems; those of nested parts are problems already. */
export function explainIssues(
  plugin: Plugin,
  issues: readonly z.core.$ZodIssue[],
  options: object,
): RawIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'custom' && issue.params?.problem) return [issueOf(issue.params.problem, issue.path)];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const path = [...issue.path, key];
        return issueOf(unknownOption(plugin, issue.path, key, valueAt(options, path)), path);
      });
    }
    const row = issue.path.length === 1 && optionRows(plugin).find(({ name }) => name === issue.path[0]);
    const expected = row ? `${row.type}${row.range && ` ${row.range}`}` : `valid (${issue.message})`;
    return [issueOf({ expected, got: valueAt(options, issue.path) }, issue.path)];
  });
}

function unknownOption(plugin: Plugin, path: readonly PropertyKey[], key: string, got: unknown): Problem {
  const owner = [plugin.name, ...path.map(String)].join('.');
  const known = path.length === 0 ? Object.keys(schemaOf(plugin.options).shape) : [];
  return {
    expected: `an option of ${owner}${known.length > 0 ? ` (${known.join(', ')})` : ''}`,
    got,
    hint: didYouMean(key, known),
  };
}

/** A name that nothing has: says which come near, and which there are. */
export function unknownName(name: unknown, known: readonly string[]): Problem {
  return {
    expected: `one of [${known.join(', ')}]`,
    got: name,
    hint: typeof name === 'string' ? didYouMean(name, known) : undefined,
  };
}

function didYouMean(given: string, known: readonly string[]): string | undefined {
  const near = nearestNames(given, known).map((name) => `"${name}"`);
  return near.length > 0 ? `Did you mean ${near.join(' or ')}?` : undefined;
}

/** One error for all problems of a configuration, a line for each. */
export function errorOf(issues: readonly z.core.$ZodIssue[]): RangeError {
  const lines = issues.map((issue) => {
    const { expected, got, hint } = (issue as { params?: { problem: Problem } }).params!.problem;
    const path = issue.path.join('.') || 'the configuration';
    return `registry: expected ${path} to be ${expected}, got ${show(got)}.${hint ? ` ${hint}` : ''}`;
  });
  return new RangeError(lines.join('\n'));
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'function') return String(value);
  return JSON.stringify(value) ?? String(value);
}
