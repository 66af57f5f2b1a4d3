import { nearestNames } from '@tfjs-sam/core/registry';
import type * as z from 'zod';

/** One thing that is wrong with a configuration. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  /** The values that are accepted there, and the one that was given. */
  readonly message: string;
}

/** A configuration that cannot be used: every problem with its path. */
export class ConfigError extends RangeError {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map(({ path, message }) => `${path.join('.') || 'the study'}: ${message}`).join('\n'));
    this.problems = problems;
  }
}

/** A value on one short line. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** `Did you mean …?`, where a name is near. */
export function didYouMean(given: unknown, known: readonly string[]): string {
  const near = typeof given === 'string' ? nearestNames(given, known).map((name) => `"${name}"`) : [];
  return near.length > 0 ? `. Did you mean ${near.join(' or ')}?` : '';
}

const at = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);

/** The issues of a schema as problems. @param known - Names of the options, for an unknown one. */
export function problemsOf(
  error: z.ZodError,
  given: unknown,
  prefix: readonly PropertyKey[] = [],
  known: readonly string[] = [],
): Problem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...prefix, ...issue.path, key],
        message: `expected ${known.length > 0 && issue.path.length === 0 ? `one of [${known.join(', ')}]` : 'an option that exists'}, got "${key}"${didYouMean(key, known)}`,
      }));
    }
    const flat = issue.code === 'invalid_union' ? unionMessage(issue) : issue.message;
    const message = flat.replace(
      /^(Invalid input: |Too small: |Too big: |Invalid option: |Invalid string: )/,
      '',
    );
    const value = shown(at(given, issue.path));
    return [
      { path: [...prefix, ...issue.path], message: `${message.replace(/, received .*$/, '')}, got ${value}` },
    ];
  });
}

/** The values that any of a union's members would accept. */
function unionMessage(issue: z.core.$ZodIssueInvalidUnion): string {
  const messages = issue.errors.flatMap((issues) => issues.map(({ message }) => message));
  return (
    [
      ...new Set(
        messages.map((text) => text.replace(/^[A-Z][a-z]+ [a-z]+: /, '').replace(/, received .*$/, '')),
      ),
    ].join(' or ') || issue.message
  );
}
