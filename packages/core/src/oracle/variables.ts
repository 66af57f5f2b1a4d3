import * as tf from '@tensorflow/tfjs-core';

/** Variables to train, in an array or a Set, or one alone. */
export type Variables = tf.Variable[] | ReadonlySet<tf.Variable> | tf.Variable;

/**
 * The variables that a step may train: those given, or all that exist; each once, trainable and of type float32.
 *
 * @throws TypeError for what is no variable, Error for one that is disposed or when none is left.
 */
export function trainable(owner: string, varList: unknown): tf.Variable[] {
  const given = varList === undefined || varList === null ? undefined : listOf(owner, varList);
  const candidates = given ?? Object.values(tf.engine().registeredVariables);
  const variables = candidates.filter((variable) => variable.trainable && variable.dtype === 'float32');
  if (variables.length > 0) return variables;
  throw new Error(
    given
      ? `${owner}: expected at least one trainable variable, got none among the ${given.length} of varList (trainable and float32)`
      : `${owner}: expected at least one trainable variable, got none: make a float32 one by tf.variable`,
  );
}

/** The variables of a list in any of its forms. @throws TypeError for what is no variable, Error for one that is gone. */
export function listOf(owner: string, varList: unknown): tf.Variable[] {
  if (isVariable(varList)) return [varList];
  if (typeof (varList as Iterable<unknown>)[Symbol.iterator] !== 'function')
    throw new TypeError(
      `${owner}: expected varList to be tf.Variables in an array or a Set, got ${typeof varList}`,
    );
  return [...(varList as Iterable<unknown>)].map((entry, i) => {
    if (!isVariable(entry)) {
      const hint = typeof (entry as { read?: unknown } | undefined)?.read === 'function';
      throw new TypeError(
        `${owner}: expected varList[${i}] to be a tf.Variable, got ${hint ? 'a weight of a layer: give its read()' : entry}`,
      );
    }
    if (entry.isDisposed)
      throw new Error(`${owner}: expected varList[${i}], "${entry.name}", to exist, but it is disposed`);
    return entry;
  });
}

/** Variables in the order in which they were made, whatever part of them was trained first. */
export function asMade<T extends Pick<tf.Variable, 'id'>>(variables: readonly T[]): T[] {
  return [...variables].sort((one, other) => one.id - other.id);
}

function isVariable(value: unknown): value is tf.Variable {
  return value instanceof tf.Variable;
}
