import type * as tf from '@tensorflow/tfjs-core';
import { anyOf, code, text } from './option.js';

/** Some of the variables: a regular expression of their names, as text or compiled, or a predicate. */
export type Matching = string | RegExp | ((variable: tf.Variable) => boolean);

const isPattern = (value: unknown) => typeof value === 'function' || value instanceof RegExp;

/** The sorts of an option that picks variables, for `anyOf`: text in configurations, a predicate in code alone. */
export const matching = [
  /*#__PURE__*/ text({ doc: 'A regular expression of variable names' }),
  /*#__PURE__*/ code<RegExp | ((variable: tf.Variable) => boolean)>()({
    accepts: isPattern,
    expected: 'a function (variable) => boolean',
    doc: 'A regular expression or a predicate',
  }),
] as const;

/** An option that picks some of the variables; left out, what `optional` says. */
/*#__NO_SIDE_EFFECTS__*/
export const someVariables = <const D extends string>(doc: string, optional: D) =>
  anyOf(matching, {
    optional,
    doc: `${doc}: a regular expression of their names, or in code a predicate`,
  });

/**
 * The predicate of an option that picks variables.
 *
 * @param owner - Goes first in the message: 'sam: expected groups[0].match'.
 * @param match - As the option has it; undefined gives undefined.
 * @throws RangeError for a text that is no regular expression.
 */
export function matcher<M extends Matching | undefined>(
  owner: string,
  match: M,
): ((variable: tf.Variable) => boolean) | (M extends undefined ? undefined : never) {
  type Found = ReturnType<typeof matcher<M>>;
  if (match === undefined || typeof match === 'function') return match as Found;
  return patternOf(owner, match) as Found;
}

function patternOf(owner: string, pattern: string | RegExp): (variable: tf.Variable) => boolean {
  try {
    // Without the flags g and y, which would remember where the last name matched.
    const flags = pattern instanceof RegExp ? pattern.flags.replace(/[gy]/g, '') : '';
    const expression = new RegExp(pattern, flags);
    return ({ name }) => expression.test(name);
  } catch (error) {
    throw new RangeError(
      `${owner} to be a regular expression, got "${pattern}": ${(error as Error).message}`,
    );
  }
}
