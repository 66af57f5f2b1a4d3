import type * as z from 'zod';
import { nearestNames } from '../declare/nearest.js';
import type { AnyOption } from '../declare/option.js';
import { describedValues } from './json-schema.js';
import type { Plugin } from './plugin.js';
import { schemaOf } from './schema.js';

/** A fault of a configuration at one path. */
export interface Problem {
  /** The values that the configuration may have there. */
  readonly expected: string;
  readonly got: unknown;
  /** The remedy, where it is known. */
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
    const option = optionAt({ type: 'record', fields: plugin.options }, issue.path);
    const expected = option ? describedValues(option) : `valid (${issue.message})`;
    return [issueOf({ expected, got: valueAt(options, issue.path) }, issue.path)];
  });
}

/** The declaration that a path leads to. */
function optionAt(
  within: Pick<AnyOption, 'type'> & Partial<AnyOption>,
  [key, ...rest]: readonly PropertyKey[],
): AnyOption | undefined {
  if (key === undefined) return within as AnyOption;
  const option = within as AnyOption;
  if (option.type === 'list') return optionAt(option.of, rest);
  const fields = option.type === 'record' ? option.fields : undefined;
  const field = fields && Object.hasOwn(fields, key) ? fields[String(key)] : undefined;
  return field && optionAt(field, rest);
}

function unknownOption(plugin: Plugin, path: readonly PropertyKey[], key: string, got: unknown): Problem {
  const owner = [plugin.name, ...path.map(String)].join('.');
  const within = optionAt({ type: 'record', fields: plugin.options }, path);
  const known = within?.type === 'record' ? Object.keys(schemaOf(within.fields).shape) : [];
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

/** A problem, and the keys that lead to it. */
export interface PlacedProblem extends Problem {
  readonly path: readonly PropertyKey[];
}

/** A configuration that cannot be used: a line for each thing that is wrong. */
export class ConfigurationError extends RangeError {
  /** The faults, in order. */
  readonly problems: readonly PlacedProblem[];

  constructor(problems: readonly PlacedProblem[]) {
    super(problems.map((each) => `registry: ${writeProblem(each)}`).join('\n'));
    this.problems = problems;
  }
}

function writeProblem(problem: PlacedProblem): string {
  return `expected ${problem.path.join('.') || 'the configuration'} to be ${writeExpectation(problem)}`;
}

/** The accepted and the given value, and the remedy: `>= 0, got -1`. */
export function writeExpectation({ expected, got, hint }: Problem): string {
  return `${expected}, got ${show(got)}.${hint ? ` ${hint}` : ''}`;
}

/** One error for all problems of a configuration. */
export function errorOf(issues: readonly z.core.$ZodIssue[]): ConfigurationError {
  return new ConfigurationError(
    issues.map(({ path, ...issue }) => ({
      ...(issue as { params?: { problem: Problem } }).params!.problem,
      path,
    })),
  );
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
